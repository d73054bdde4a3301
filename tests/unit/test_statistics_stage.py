"""Effects and claims of a study from its score and prediction files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from predicted_study import predict_and_score
from test_config import STUDY, grid_of

from xstilts.data.prepare import write_examples
from xstilts.jobs.statistics import build_statistics

if TYPE_CHECKING:
    from xstilts.grid import Grid

TEXT = STUDY.replace("  both: [squad_v1, mnli]\n", "").replace("seeds: [1]", "seeds: [1, 2, 3]")
CLAIMS = """\
claims:
  - id: mnli
    statement: MNLI helps.
    source: a paper
    value: 30
    mark: reported, not checked against the paper
    predicate: {compare: {strategy: mnli, targets: [xnli], more_than: 0}}
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grid:
    monkeypatch.chdir(tmp_path)
    Path("claims.yaml").write_text(CLAIMS, encoding="utf-8")
    grid = grid_of(tmp_path, TEXT + "claims: [claims.yaml]\nreplicates: 3000\n")
    predict_and_score(grid)
    return grid


def _effects(grid: Grid) -> dict[tuple[str, str], dict[str, Any]]:
    build_statistics(grid, Path("out"))
    rows = pd.read_parquet("out/effects.parquet").to_dict("records")
    return {(row["strategy"], row["target"]): row for row in rows}


def test_effects_and_claims_from_files(study: Grid) -> None:
    effects = _effects(study)
    for target in ("xnli", "tatoeba", "average"):
        row = effects["mnli", target]
        assert row["delta"] == pytest.approx(30, abs=4), target
        assert row["verdict"] == "helps", target
        assert row["uncertainty"] == "seeds and examples", target
    assert effects["mnli", "xnli"]["num_examples"] == 600
    claim = pd.read_parquet("out/claims.parquet").iloc[0]
    assert (claim["verdict"], claim["stated_in_interval"]) == ("confirmed (microworld)", "yes")
    text = Path("out/effects.md").read_text()
    assert "Microworld: invented languages" in text
    assert "from 3,000 bootstrap replicates" in text
    before = Path("out/effects.parquet").read_bytes()
    _effects(study)
    assert Path("out/effects.parquet").read_bytes() == before  # equal results, equal bytes


def test_the_premises_of_a_data_set_are_drawn_together(study: Grid) -> None:
    found = _effects(study)["mnli", "xnli"]
    # 20 documents would do; 10 are too few to estimate a variance from
    for language in study.targets["xnli"].languages:
        path = Path(study.paths.data("xnli", language, "test")).with_suffix(".parquet")
        rows = pq.read_table(path).to_pylist()
        named = [row | {"cluster": f"document {at // 20}"} for at, row in enumerate(rows)]
        write_examples(named, "classification", [], path, "here")
    few = _effects(study)["mnli", "xnli"]
    assert few["uncertainty"] == (
        "seeds and examples; examples of qaa, qab, qac drawn singly: fewer than 20 clusters"
    )
    for language in study.targets["xnli"].languages:
        Path(study.paths.data("xnli", language, "test")).with_suffix(".parquet").unlink()
    lacking = _effects(study)["mnli", "xnli"]
    assert lacking["uncertainty"] == (
        "seeds and examples; examples of qaa, qab, qac drawn singly: their data set is missing"
    )
    assert (few["delta"], few["low"], few["high"]) == tuple(
        lacking[name] for name in ("delta", "low", "high")
    )
    assert found["delta"] == few["delta"]
    assert found["low"] != few["low"]


def test_without_predictions_the_interval_is_of_the_seeds(study: Grid) -> None:
    stages = ("mnli",)
    Path(study.paths.prediction("mini", 2, stages, "xnli", "qab")).unlink()
    effects = _effects(study)
    assert effects["mnli", "xnli"]["uncertainty"] == "seeds only; predictions are missing"
    assert effects["mnli", "tatoeba"]["uncertainty"] == "seeds and examples"


def test_a_cell_without_scores_is_left_out(study: Grid) -> None:
    for seed in (1, 2, 3):
        Path(study.paths.scores("mini", seed, ("mnli",), "tatoeba")).unlink()
    effects = _effects(study)
    assert effects["mnli", "tatoeba"]["verdict"] == "unknown"
    assert effects["mnli", "tatoeba"]["uncertainty"] == "no result"
    average = effects["mnli", "average"]
    assert average["delta"] == effects["mnli", "xnli"]["delta"]
    assert average["uncertainty"] == "seeds and examples; 1 of 2 targets"


def test_views_use_the_targets_names_of_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("claims.yaml").write_text(CLAIMS, encoding="utf-8")
    text = TEXT + "claims: [claims.yaml]\nfurther_protocols: [xtreme-2020]\nchoose_on: all\n"
    grid = grid_of(tmp_path, text)
    for view in grid.views:
        predict_and_score(grid.in_view(view))
    for view in ("", "xtreme-2020"):
        seen = grid.in_view(view)
        build_statistics(seen, Path("out"))
        claim = pd.read_parquet("out/claims.parquet").iloc[0]
        assert claim["verdict"] == "confirmed (microworld)", view
        best = pd.read_parquet("out/best.parquet").set_index("target")
        # Tatoeba has no set to choose on
        assert best.loc["xnli", "chosen_on"] == "validation", view
        assert best.loc["tatoeba", "chosen_on"] == "test", view
        assert best.loc["xnli", "chosen_by"] != best.loc["xnli", "delta"]


def test_nothing_has_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    effects = _effects(grid_of(tmp_path, TEXT))
    assert effects["mnli", "xnli"]["verdict"] == "unknown"
