"""Changes that cause reruns, and changes that do not. Every test really runs Snakemake."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from checkout import TINY, Checkout

from xstilts.snakemake_metadata import SnakemakeMetadata

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

CELL = "mini/seed-1/mnli/xnli"
TRAINING = {"pretrain", "train_intermediate", "train_target"}


def model_bytes(checkout: Checkout) -> dict[str, bytes]:
    """Weights of all models."""
    return {k: v for k, v in checkout.files().items() if k.endswith(".safetensors")}


def replace(file: Path, old: str, new: str) -> None:
    """Replace text in a file that must contain it."""
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new))


def test_the_study_ends_with_the_table(finished: Checkout):
    table = (finished.results / "tables/transfer.md").read_text()
    assert "xnli" in table
    assert "mnli" in table
    assert {path.suffix for path in (finished.results / "tables").glob("transfer.*")} == {
        ".md", ".csv", ".parquet", ".tex",
    }  # fmt: skip
    assert not list((finished.results / "failures").glob("**/*.json"))
    assert not list((finished.results / "state").glob("*/*"))


def test_weights_are_selected_on_dev_if_the_recipe_says_so(finished: Checkout):
    model = finished.results / "intermediate/mini/seed-1/mnli"
    manifest = json.loads((model / "manifest.json").read_text())
    rows = pq.read_table(model / "selection.parquet").to_pylist()
    assert [(row["step"], row["language"]) for row in rows] == [(2, "qaa"), (4, "qaa"), (6, "qaa")]
    assert manifest["facts"]["dev_score"] == max(row["value"] for row in rows)
    assert "tokens/mini/mnli/qaa/validation" in manifest["identity"]["inputs"]


def test_edits_without_effect_rerun_nothing(done: Checkout):
    # a comment and a docstring in training code, files of a fresh git checkout, every file touched
    for file in (done.folder / "workflow_scripts/xstilts/training").glob("*.py"):
        text = file.read_text()
        if not text:
            continue
        assert text.startswith('"""')
        file.write_text(text.replace('"""', '"""Reworded. ', 1) + "\n# a comment\n")
    (done.folder / "workflow_scripts/train_stage.py").open("a").write("\n# a comment\n")

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=done.folder, check=True,
                       capture_output=True)  # fmt: skip

    git("init", "-q")
    git("add", "Snakefile", "rules", "workflow_scripts", "config.yaml", "profiles", "envs")
    git("commit", "-q", "-m", "all")
    for part in ("Snakefile", "rules", "workflow_scripts", "config.yaml"):
        path = done.folder / part
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    git("checkout", "-q", "--", ".")
    assert done.snakemake().nothing_to_do
    for path in done.results.rglob("*"):
        if path.is_file():
            os.utime(path)
    assert done.snakemake().nothing_to_do


def test_a_change_of_loss_code_trains_again(done: Checkout):
    file = done.folder / "workflow_scripts/xstilts/models/head_classification.py"
    file.write_text(file.read_text() + "\nSCALE = 2.0\n")
    before = model_bytes(done)
    run = done.snakemake()
    assert run.code == 0, run.output
    # the base model has no classification head and is kept
    assert run.jobs.get("pretrain", 0) == 0
    assert run.jobs["train_intermediate"] == 1
    assert run.jobs["train_target"] == 2
    after = model_bytes(done)
    # the arithmetic is unchanged and training deterministic: the weights are the same
    assert before == after


def test_one_more_language_predicts_that_language_only(done: Checkout):
    before = done.files()
    targets = {**TINY["targets"], "xnli": {"languages": ["qaa", "qab", "qac"]}}
    done.write_study(targets=targets, strategies={"mnli": ["mnli"]}, baseline="mnli")
    run = done.snakemake()
    assert run.code == 0, run.output
    assert not TRAINING & set(run.jobs), run.jobs
    assert run.jobs["predict_xnli"] == 1
    assert run.jobs["score_predictions"] == 1
    assert "predict_tatoeba" not in run.jobs
    after = done.files()
    new = {name for name in after if name not in before}
    assert f"predictions/{CELL}/qac.parquet" in new
    for language in ("qaa", "qab"):
        name = f"predictions/{CELL}/{language}.parquet"
        assert before[name] == after[name], f"{language} was predicted again"


def test_a_single_cell_by_its_path(fresh: Checkout):
    run = fresh.jobs_of_dry_run(f"results/tiny/scores/{CELL}.parquet")
    assert run.jobs["train_intermediate"] == 1
    assert run.jobs["train_target"] == 1
    assert run.jobs["score_predictions"] == 1
    assert "predict_tatoeba" not in run.jobs


@pytest.mark.parametrize(
    ("products", "rules"),
    [
        # intermediate_models is in test_parallel.py, scores in test_dual_encoder.py
        (
            ["target_models", "predictions"],
            {"train_intermediate": 1, "train_target": 2, "predict_xnli": 2, "predict_tatoeba": 2},
        ),
        (
            ["tables", "figures"],
            {"build_tables": 1, "build_statistics": 1, "audit_overlap": 1, "build_figures": 1},
        ),
    ],
)
def test_products_by_name(fresh: Checkout, products: list[str], rules: dict[str, int]):
    jobs = fresh.jobs_of_dry_run(*products).jobs
    assert {name: jobs.get(name) for name in rules} == rules


@pytest.mark.full
def test_data_rebuilt_with_the_same_content_trains_nothing(done: Checkout):
    before = model_bytes(done)
    shutil.rmtree(done.results / "data/mnli")
    shutil.rmtree(done.results / "tokens/mini/mnli")
    run = done.snakemake("--forcerun", "prepare_data")
    assert run.code == 0, run.output
    assert model_bytes(done) == before
    logs = [
        done.results / f"logs/target/{CELL}.log",
        done.results / "logs/intermediate/mini/seed-1/mnli.log",
    ]
    for log in logs:
        assert "reused" in log.read_text()


def test_explain_names_what_changed(done: Checkout):
    assert "up to date" in done.command("explain", f"results/tiny/target/{CELL}").output
    recipes = {**TINY["recipes"], "target": {"learning_rate": 0.01}}
    done.write_study(recipes=recipes)
    output = done.command("explain", f"target/{CELL}").output
    assert "recipe.learning_rate: 1e-05 → 0.01" in output
    assert "intermediate" not in output
    run = done.jobs_of_dry_run()
    assert run.jobs["train_target"] == 2
    assert not {"pretrain", "train_intermediate"} & set(run.jobs)


def test_changes_are_found_without_snakemakes_metadata(done: Checkout) -> None:
    shutil.rmtree(done.folder / ".snakemake/metadata")
    recipes = {**TINY["recipes"], "target": {"max_steps": 5}}
    done.write_study(recipes=recipes)
    run = done.jobs_of_dry_run()
    assert "2 of them out of date (target/mini/seed-1/none/xnli, target/" in run.output
    assert run.jobs["train_target"] == 2
    assert not {"pretrain", "train_intermediate", "prepare_tokens"} & set(run.jobs)
    # accepting changes of code finds what the start has recorded
    record = SnakemakeMetadata(done.folder / ".snakemake")
    cell = f"results/tiny/target/{CELL}/manifest.json"
    assert record.declared(cell, {"recipe": {}, **_declared(done, cell)}) == _declared(done, cell)


def _declared(checkout: Checkout, manifest: str) -> dict[str, object]:
    values = json.loads((checkout.folder / manifest).read_text(encoding="utf-8"))
    return values["identity"]["declared"]


@pytest.mark.full
def test_copied_results_are_compared_with_their_manifests(done: Checkout) -> None:
    manifest = done.results / "bases/mini/model/manifest.json"
    shutil.rmtree(done.folder / ".snakemake/metadata")
    recipes = {**TINY["recipes"], "target": {"max_steps": 5}}
    done.write_study(recipes=recipes)
    pretrained = json.loads(manifest.read_text())
    weights = {path: path.stat().st_mtime_ns for path in done.results.rglob("model.safetensors")}
    run = done.snakemake()
    assert run.code == 0, run.output
    assert json.loads(manifest.read_text()) == pretrained
    changed = {path for path, when in weights.items() if path.stat().st_mtime_ns != when}
    assert changed == {path for path in weights if "target" in path.parts}
    again = done.snakemake("-n")
    assert again.nothing_to_do, again.output
    assert "none of them out of date" in again.output


@pytest.mark.full
def test_a_product_that_another_checkout_has_replaced_is_made_again(done: Checkout) -> None:
    other = Checkout(done.folder.with_name("other"))
    shutil.copytree(done.folder, other.folder, symlinks=True)
    shutil.rmtree(other.folder / "results")
    (other.folder / "results").symlink_to(done.folder / "results")
    other.write_study(recipes={**TINY["recipes"], "target": {"max_steps": 5}})
    run = other.snakemake("target_models")
    assert run.code == 0, run.output
    assert done.jobs_of_dry_run().jobs["train_target"] == 2
