"""``xstilts accept`` on a finished study: results are kept although the code changed."""

from __future__ import annotations

import json

import pytest
from checkout import TINY, Checkout

from xstilts.manifest import read_values, write_values
from xstilts.schema_metadata import read_metadata

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

WHY = "A function has another name."
TRAINING = {"pretrain", "train_intermediate", "train_target"}


def rename(checkout: Checkout, file: str, old: str, new: str) -> None:
    """Rename a function in its module."""
    path = checkout.folder / "workflow_scripts/xstilts" / file
    text = path.read_text()
    assert text.count(old) > 1, f"{file} does not define and use {old}"
    path.write_text(text.replace(old, new))


def manifest(checkout: Checkout, cell: str, name: str = "manifest.json") -> dict[str, object]:
    """The manifest of a target model."""
    text = (checkout.results / f"target/mini/seed-1/{cell}/{name}").read_text()
    return dict(json.loads(text))


def kept(checkout: Checkout) -> dict[str, bytes]:
    """Everything except remarks about accepted code."""
    return {
        name: data
        for name, data in checkout.files().items()
        if name.endswith((".safetensors", ".arrow")) or name.startswith(("data/", "figures/"))
    }


def test_after_a_renaming_nothing_is_left_to_do(done: Checkout) -> None:
    rename(done, "training/loop.py", "_backward(", "_gradients(")
    # predictions and scores have their identity in Parquet files
    rename(done, "prediction/run.py", "_check_tokens", "_fitting_tokens")
    rename(done, "metrics/classification.py", "predicted", "answers")
    before, model, files = manifest(done, "mnli/xnli"), "target/mini/seed-1/mnli/xnli", kept(done)
    accepted = done.command("accept", "--all", "--why", WHY)
    assert accepted.code == 0, accepted.output
    assert f"{model}: accepted." in accepted.output
    run = done.snakemake("-n")
    assert run.nothing_to_do, run.output
    assert kept(done) == files

    after = manifest(done, "mnli/xnli")
    assert after == manifest(done, "mnli/xnli", ".manifest.json")
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed == {"identity", "accepted", "checksum"}
    (note,) = after["accepted"]  # type: ignore[misc]
    assert note["code"] == before["identity"]["declared"]["code"]  # type: ignore[index]
    assert (note["why"], bool(note["date"]), "torch" in note["versions"]) == (WHY, True, True)
    scores = read_metadata(done.results / "scores/mini/seed-1/mnli/xnli.parquet")
    assert scores["accepted"][0]["why"] == WHY
    for file in ("tables/transfer.md", "tables/transfer.tex", "report.html"):
        assert f"although the code had changed ({WHY[:-1]})" in (done.results / file).read_text()
    explained = done.command("explain", model).output
    assert f"{model}: up to date." in explained
    assert f"{model}: accepted on {note['date']}: {WHY}" in explained
    assert "Nothing to accept" in done.command("accept", "--all", "--why", WHY).output


@pytest.mark.full
def test_one_cell_is_accepted_alone(done: Checkout) -> None:
    rename(done, "training/loop.py", "_backward(", "_gradients(")
    (done.results / "report.html").unlink()
    accepted = done.command("accept", "results/tiny/target/mini/seed-1/none/xnli", "--why", WHY)
    assert accepted.output.splitlines()[:2] == [
        "target/mini/seed-1/none/xnli: accepted.",
        "bases/mini/model: accepted.",
    ]
    jobs = done.jobs_of_dry_run().jobs
    assert {name: jobs[name] for name in TRAINING & set(jobs)} == {
        "train_intermediate": 1,
        "train_target": 1,
    }
    assert "Accepted on" in (done.results / "tables/transfer.md").read_text()


def test_a_changed_recipe_is_refused_with_the_reason(done: Checkout) -> None:
    rename(done, "training/loop.py", "_backward(", "_gradients(")
    done.write_study(recipes={**TINY["recipes"], "target": {"learning_rate": 0.01}})
    before = done.files()
    refused = done.command("accept", "--all", "--why", WHY)
    assert refused.code == 2
    for chain in ("none", "mnli"):
        model = f"target/mini/seed-1/{chain}/xnli"
        assert f"{model}: recipe.learning_rate: 1e-05 → 0.01" in refused.output
    assert "intermediate/mini" not in refused.output
    # a changed parent
    other = done.results / "intermediate/mini/seed-1/mnli/manifest.json"
    write_values(other, {**read_values(other), "content": "another"})
    done.write_study()
    refused = done.command("accept", "target/mini/seed-1/mnli/xnli", "--why", WHY)
    assert "xnli: inputs.intermediate/mini/seed-1/mnli: " in refused.output
    other.write_bytes(before["intermediate/mini/seed-1/mnli/manifest.json"])
    assert done.files() == before
    for arguments, message in (
        (("--why", WHY), "paths of products, or --all"),
        (("--all", "--why", " "), "explain in a sentence"),
        (("target/mini/seed-1/mnli/xnlii", "--why", WHY), "is not a known target"),
    ):
        assert message in done.command("accept", *arguments).output


@pytest.mark.full
def test_explain_covers_tables_and_the_report(done: Checkout) -> None:
    for path in ("results/tiny/tables/best.csv", "tables/overlap", "results/tiny/report.html"):
        output = done.command("explain", path).output
        assert "up to date" in output, output
        assert "out of date" not in output
    targets = {"xnli": TINY["targets"]["xnli"]}
    done.write_study(targets=targets)
    output = done.command("explain", "results/tiny/figures/cost.svg").output
    assert "targets.tatoeba[0]: qab → (absent)" in output
