"""The plan of a study: counts from its grid, sizes from its shape, times from its own jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine_world import ARCHITECTURE
from test_config import STUDY, grid_of

from xstilts.cli import main
from xstilts.config.bases import Architecture, Pretrain
from xstilts.manifest import write_manifest
from xstilts.models.encoder import build_encoder
from xstilts.plan import missing, models, naive_trainings, plan, weights

if TYPE_CHECKING:
    import pytest

TREE = STUDY.replace("  both: [squad_v1, mnli]", "  both: [mnli, squad_v1]\n  far: [mnli, qqp]")


def test_trainings_by_position_and_what_sharing_saves(tmp_path: Path) -> None:
    grid = grid_of(tmp_path, TREE)
    counts = {position: len(paths) for position, paths in models(grid).items()}
    # none, mnli, mnli~squad_v1, mnli~qqp with xnli; tatoeba is not trained
    assert counts == {"pretrain": 1, "intermediate 1": 1, "intermediate 2": 2, "target": 4}
    # per target 0 + 1 + 2 + 2 intermediate stages, for two targets, and 4 target stages
    assert naive_trainings(grid) == 2 * 5 + 4
    text = "\n".join(plan(grid))
    assert "in all                7  after pretraining" in text
    assert "saved                 7  3 prefixes are shared by several cells" in text
    # 4 strategies x (3 languages of xnli + 2 of tatoeba)
    assert "Predictions: 20 files, one per language of 8 cells" in text
    assert "unknown: no training of this study is finished" in text


def test_size_of_a_model_is_that_of_its_weights() -> None:
    pretrain = Pretrain(architecture=Architecture(**ARCHITECTURE), vocab_size=200)
    encoder = build_encoder(ARCHITECTURE | {"vocab_size": 200})
    assert weights(pretrain) == sum(p.numel() for p in encoder.parameters())


def test_time_comes_from_finished_jobs_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = grid_of(tmp_path, TREE)
    monkeypatch.chdir(tmp_path)
    facts = {"seconds": 3600.0, "tokens": 7200, "device": "cpu"}
    done = Path(models(grid)["target"][0])
    done.parent.mkdir(parents=True)
    write_manifest(done, {}, files={}, facts=facts)
    text = "\n".join(plan(grid))
    assert "mini target: 1 done, 3600 s each, 2 tokens/s on cpu; 3 left" in text
    # 3 targets at an hour; pretraining and 3 intermediate stages were never measured
    assert "left at these means: 3.00 h on one device; and 4 trainings of positions" in text


def test_missing_files_are_named_and_the_plan_needs_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(
        f"""\
study: real
data_root: {tmp_path}/data
seeds: [1]
bases: {{large: {{hub: x}}}}
strategies: {{none: [], mnli: [mnli]}}
targets: {{xnli: {{languages: [en, de]}}}}
""",
        encoding="utf-8",
    )
    (tmp_path / "data/xnli").mkdir(parents=True)
    (tmp_path / "data/xnli/test-de.labelled.tsv").touch()
    assert main(["plan", "--configfile", str(file)]) == 0
    text = capsys.readouterr().out
    assert "xnli test: en (no file of xnli (test) under" in text
    assert "CC BY-NC 4.0" in text
    assert "4 models of unknown size" in text  # the base, mnli, and two of xnli
    assert main(["cells", "--configfile", str(file)]) == 2
    assert "no file of xnli (test) in 'en'" in capsys.readouterr().err


def test_generated_data_are_never_missing(tmp_path: Path) -> None:
    assert missing(grid_of(tmp_path), "xnli", "qab", "test") == ""
