"""The plan of a study: counts and work from its grid, disk and memory from shapes, missing data."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from test_config import STUDY, grid_of
from test_plan_throughput import jobs as finished
from test_studies import ROOT, STUDIES, grid

from xstilts.cli import main
from xstilts.manifest import write_manifest
from xstilts.models.encoder import build_encoder
from xstilts.models.shape import shape_of_config
from xstilts.plan.build import Options, build_plan
from xstilts.plan.counts import counts, naive_trainings
from xstilts.plan.data import missing
from xstilts.plan.fit import USABLE, advice
from xstilts.plan.hours import hours_here
from xstilts.plan.jobs import planned_jobs
from xstilts.plan.known_models import KNOWN_MODELS
from xstilts.plan.shapes import shape_of_base
from xstilts.training.memory import AdapterShape, Workload, estimate
from xstilts.training.pruning import is_worthwhile

if TYPE_CHECKING:
    from xstilts.grid import Grid

TREE = STUDY.replace("  both: [squad_v1, mnli]", "  both: [mnli, squad_v1]\n  far: [mnli, qqp]")


def plan_of(study: Grid, tmp_path: Path, **options: Any) -> dict[str, Any]:
    """A plan without finished jobs to calibrate with."""
    return build_plan(study, Options(results=tmp_path / "none", **options))


def test_trainings_by_position_and_savings_of_shared_prefixes(tmp_path: Path) -> None:
    study = grid_of(tmp_path, TREE)
    found = counts(study, planned_jobs(study, {}))
    # none, mnli, mnli~squad_v1, mnli~qqp with xnli; tatoeba is not trained
    assert found["trainings"] == {
        "pretrain": 1, "intermediate 1": 1, "intermediate 2": 2, "target": 4,
    }  # fmt: skip
    # per target 0 + 1 + 2 + 2 intermediate stages, for two targets, and 4 target stages
    assert naive_trainings(study) == found["cell_by_cell"] == 2 * 5 + 4
    assert (found["trainings_after_pretraining"], found["saved"]) == (7, 7)
    assert found["shared_prefixes"] == 3
    # 4 strategies x (3 languages of xnli + 2 of tatoeba)
    assert (found["prediction_files"], found["predicted_cells"]) == (20, 8)


def test_size_of_a_model_is_that_of_its_weights(tmp_path: Path) -> None:
    study = grid_of(tmp_path)
    shape = shape_of_base(study, "mini")
    built = study.study.bases["mini"].pretrain
    assert shape and built
    names = {"vocab_size": built.vocab_size}
    encoder = build_encoder(built.architecture.model_dump() | names)
    assert shape.parameters == sum(p.numel() for p in encoder.parameters())


def test_the_plan_of_an_unknown_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # without results of this checkout
    study = grid_of(tmp_path, STUDY.replace("pretrain: {vocab_size: 500}", "hub: x/unheard-of"))
    jobs = planned_jobs(study, {})
    assert {job.unknown for job in jobs} == {"the shape of mini"}
    found = plan_of(study, tmp_path, gpu="H100")
    assert found["unknown"] == {"the shape of mini": len({p for j in jobs for p in j.products})}
    assert found["disk"]["unknown"] == ["mini"]
    given = plan_of(study, tmp_path, gpu="H100", parameters={"mini": 3e8})
    assert given["unknown"] == {}
    assert given["hours"]["hours"] > 0
    # 6 N operations per token, and a little for the attention of one square layer
    work = next(j.work for j in planned_jobs(study, {"mini": 3e8}) if j.target == "xnli")
    assert work and work.flops == pytest.approx(6 * 3e8 * work.tokens, rel=0.15)


def test_work_is_proportional_to_steps_and_counts_checkpointing(tmp_path: Path) -> None:
    def flops(recipe: str) -> float:
        text = f"{STUDY}recipes: {{all: {{selection: last, {recipe}}}}}\n"
        jobs = planned_jobs(grid_of(tmp_path, text), {})
        work = next(job.work for job in jobs if job.position == "intermediate 1")
        assert work
        return work.flops

    assert flops("max_steps: 300") == pytest.approx(3 * flops("max_steps: 100"))
    checkpointed = flops("max_steps: 300, gradient_checkpointing: true")
    assert checkpointed == pytest.approx(4 / 3 * flops("max_steps: 300"))


def test_finished_jobs_that_say_nothing_about_a_study_give_no_hours() -> None:
    planned = planned_jobs(grid("african", scale="microworld"), {})
    assert {job.precision for job in planned} == {"fp32"}
    assert hours_here(planned, finished(4, device="cpu")) is None
    found = hours_here(
        planned, [replace(job, precision="fp32") for job in finished(4, device="cpu")]
    )
    assert found and found["hours"] > 0


def test_unknown_sizes_are_named_and_left_out() -> None:
    jobs = planned_jobs(grid("phang2020"), {})
    left_out = {job.unknown for job in jobs if job.work is None}
    assert left_out == {"examples of bucc2018 (test)"}
    bounded = next(j for j in jobs if j.target == "udpos" and j.kind == "prediction")
    assert any("largest possible" in bound for bound in bounded.bounds)


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_is_planned_without_torch(name: str) -> None:
    code = (
        "import sys; from xstilts.cli import main; "
        f"code = main(['plan', '--gpu', 'A100-80GB', '--configfile', 'studies/{name}.yaml', "
        "'--config', 'when_missing=error']); "
        "large = {'torch', 'transformers', 'pandas'} & set(sys.modules); "
        "sys.exit(code or f'imported {large}' if large else code)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": "workflow_scripts"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    total = STUDIES[name][-1]
    assert f"total            {total:>6}  after pretraining" in run.stdout
    assert "Hours on one A100-80GB" in run.stdout
    assert "not calibrated: an assumed fraction" in run.stdout


def test_a_stage_that_does_not_fit_gets_advice_that_fits() -> None:
    limit = USABLE * 24 * 2**30
    shape = shape_of_config(KNOWN_MODELS["FacebookAI/xlm-roberta-large"])
    work = Workload(shape=shape, max_tokens=16384, length=256, device="gpu")
    assert estimate(work).total > limit
    [smaller, checkpointed] = advice(work, limit)
    size = int(smaller.partition("=")[2].split()[0])
    assert estimate(replace(work, max_tokens=size)).total <= limit
    assert estimate(replace(work, max_tokens=2 * size)).total > limit
    assert "gradient_checkpointing: true" in checkpointed


@pytest.mark.parametrize(
    ("name", "whole_gib"),
    [("facebook/xlm-v-base", 14), ("sentence-transformers/LaBSE", 8), ("cis-lmu/glot500-base", 7)],
)
def test_pruning_makes_large_vocabularies_as_cheap_as_any(name: str, whole_gib: int) -> None:
    """Nine tenths of XLM-V's weights are token embeddings; 40,000 tokens of them occur."""
    sizes = {}
    for model in (name, "FacebookAI/xlm-roberta-base"):
        shape = shape_of_config(KNOWN_MODELS[model])
        work = Workload(shape=shape, max_tokens=4096, length=128, device="gpu", half=True)
        assert is_worthwhile(40_000, shape.vocabulary, shape.embedding_width)
        pruned = replace(work, trained_rows=40_000)
        sizes[model] = estimate(work).total / 2**30, estimate(pruned).total
        # in main memory the whole matrix stays until the stage ends
        more = estimate(replace(pruned, device="cpu")).weights - estimate(pruned).weights
        assert more == shape.vocabulary * shape.width * 4
    assert whole_gib < sizes[name][0] < whole_gib + 1
    plain = sizes["FacebookAI/xlm-roberta-base"][1]
    assert sizes[name][1] == pytest.approx(plain, rel=1e-4)
    assert plain < 4 * 2**30


def test_a_model_too_large_for_a_gpu_gets_adapters_or_shards() -> None:
    limit = USABLE * 80 * 2**30
    shape = shape_of_config(KNOWN_MODELS["facebook/xlm-roberta-xxl"])
    work = Workload(shape=shape, max_tokens=16384, length=256, device="gpu")
    lora, sharded = advice(work, limit)
    assert lora.startswith("LoRA")
    # 10.7 billion weights, gradients and moments in fp32 are 171 GB
    assert sharded == "FSDP with 4 processes or more"
    # what has adapters is not told to take some
    adapted = replace(work, adapters=AdapterShape(rank=16, modules="all-linear", dropout=True))
    quantised, sharded = advice(adapted, 40e9)
    assert quantised == "lora.quantise: 4bit, with merge: false"
    assert sharded == "FSDP with 2 processes or more"
    small = replace(adapted, adapters=replace(adapted.adapters, quantise="4bit"))
    assert estimate(replace(small, max_tokens=256, checkpointing=True)).total <= 40e9


def test_names_of_gpus_and_sizes_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(STUDY, encoding="utf-8")
    plan = ["plan", "--configfile", str(file)]
    assert main([*plan, "--gpu", "A100-80"]) == 2
    assert "'A100-80' is not a known GPU. Did you mean 'A100-80GB'?" in capsys.readouterr().err
    assert main([*plan, "--memory", "much"]) == 2
    assert (
        "'much' is not a size. Write a number and a unit, as in 80GiB." in capsys.readouterr().err
    )
    assert main([*plan, "--parameters", "mono=3"]) == 2
    assert "Did you mean 'mini'?" in capsys.readouterr().err


def test_json_has_every_part_and_strict_fails_on_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plan.json"
    file = ROOT / "studies/african.yaml"
    plan = ["plan", "--configfile", str(file), "--gpu", "T4", "--json", str(out)]
    plan += ["--config", "when_missing=error", "source=original"]
    assert main(plan) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert set(found) == {
        "study", "question", "left_out", "counts", "hours", "orientation", "unknown", "disk",
        "memory", "data", "row_counts", "mixed_sources", "gated_models",
    }  # fmt: skip
    assert found["counts"]["trainings_after_pretraining"] == STUDIES["african"][-1]
    assert {row["fits"] for row in found["memory"]["stages"]} == {False}
    rows = found["hours"]["rows"]
    assert sum(row["hours"] for row in rows) == pytest.approx(found["hours"]["hours"])
    assert {source for row in rows for source in row["source"]} == {"not calibrated"}
    capsys.readouterr()
    assert main([*plan, "--strict"]) == 2
    wrong = capsys.readouterr().err
    assert "data of afrisenti, afrixnli, anli, belebele, copa" in wrong
    assert "afro-xlmr-large: squad_v1 does not fit in memory" in wrong


def test_nothing_is_wrong_with_a_generated_study(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(STUDY, encoding="utf-8")
    assert main(["plan", "--configfile", str(file), "--gpu", "H100", "--strict"]) == 0


def test_missing_files_are_named_and_the_plan_needs_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(
        f"""\
study: real
source: original
data_root: {tmp_path}/data
seeds: [1]
bases: {{large: {{hub: google/gemma-2b}}}}
strategies: {{none: [], ccg: [ccg]}}
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
    assert "obtain yourself: ccg, sold by the LDC" in text
    assert "accept the licence first: https://huggingface.co/google/gemma-2b" in text
    assert main(["cells", "--configfile", str(file)]) == 2
    assert "no file of xnli (test) in 'en'" in capsys.readouterr().err


def test_generated_data_are_never_missing(tmp_path: Path) -> None:
    assert missing(grid_of(tmp_path), "xnli", "qab", "test") == ""


def test_lengths_of_tokenised_data_replace_typical_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = grid_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = next(j for j in planned_jobs(study, {}) if j.position == "intermediate 1")
    assert before.assumed
    for split, count, tokens in (("train", 2000, 30_000), ("validation", 200, 3_000)):
        manifest = Path(study.paths.tokens("mini", "mnli", "qaa", split))
        manifest.parent.mkdir(parents=True, exist_ok=True)
        facts = {"num_examples": count, "num_sequences": count, "num_tokens": tokens}
        write_manifest(manifest, {}, files={}, facts=facts)
    after = next(j for j in planned_jobs(study, {}) if j.position == "intermediate 1")
    assert not after.assumed
    assert after.steps == before.steps
    # whole epochs: each token once per epoch
    recipe = study.recipe("mini", "mnli", None)
    assert after.work and after.work.tokens == pytest.approx(recipe["epochs"] * 30_000)
