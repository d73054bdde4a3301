"""The plan of a finished study: work, disk and hours are compared with those of its jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from checkout import Checkout


pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@pytest.fixture
def plan(done: Checkout) -> dict:
    """The plan of the finished study."""
    run = done.command("plan", "--json", "plan.json")
    assert run.code == 0, run.output
    return json.loads((done.folder / "plan.json").read_text(encoding="utf-8"))


def test_planned_tokens_are_those_of_training(done: Checkout, plan: dict) -> None:
    trained = dict.fromkeys(("pretrain", "intermediate 1", "target"), 0)
    patterns = {
        "pretrain": "bases/*/model/manifest.json",
        "intermediate 1": "intermediate/*/*/*/manifest.json",
        "target": "target/*/*/*/*/manifest.json",
    }
    for position, pattern in patterns.items():
        for manifest in done.results.glob(pattern):
            trained[position] += json.loads(manifest.read_text())["facts"]["tokens"]
    planned = {row["position"]: row["tokens"] for row in plan["hours"]["rows"]}
    for position, tokens in trained.items():
        # six steps of eight sequences are a sample of the data: their mean length varies
        assert planned[position] == pytest.approx(tokens, rel=0.2), position


def test_planned_disk_is_that_of_the_results(done: Checkout, plan: dict) -> None:
    parts = {
        "models_bytes": ("bases", "intermediate", "target"),
        "data_bytes": ("data",),
        "tokens_bytes": ("tokens",),
        "predictions_bytes": ("predictions", "scores"),
    }
    left = {
        name: sum(
            file.stat().st_size
            for folder in folders
            for file in (done.results / folder).rglob("*")
            if file.is_file()
        )
        for name, folders in parts.items()
    }
    disk = plan["disk"]
    assert {name: disk[name] for name in left} == pytest.approx(left, rel=0.15)
    assert disk["kept_bytes"] == pytest.approx(sum(left.values()), rel=0.15)
    assert disk["bases"]["mini"]["models"] == 4


def test_hours_are_calibrated_by_the_jobs_and_nothing_is_left(plan: dict) -> None:
    hours = plan["hours"]
    assert hours["device"] == "cpu"
    assert hours["hours_left"] == 0
    assert {source for row in hours["rows"] for source in row["source"]} == {"calibrated"}
    assert all(row["assumed_lengths"] == 0 for row in hours["rows"])
    assert hours["start_seconds"] > 0


def test_finished_jobs_are_compared_with_the_fit_of_the_others(done: Checkout) -> None:
    run = done.command("plan", "--check", "--json", "check.json")
    assert run.code == 0, run.output
    report = json.loads((done.folder / "check.json").read_text(encoding="utf-8"))
    entries = {entry["kind"]: entry for entry in report}
    training = entries["training"]
    # a pretraining, an intermediate stage, two target stages
    assert training["jobs"] == 4
    # how near is a matter of the machine: these jobs take hundredths of a second each
    predicted, measured = (
        sum(row[key] for row in training["rows"]) for key in ("predicted", "measured")
    )
    assert training["total_ratio"] == pytest.approx(predicted / measured)
    for row in training["rows"]:
        assert row["predicted"] > 0
        manifest = done.results / row["product"] / "manifest.json"
        assert row["measured"] == json.loads(manifest.read_text())["facts"]["seconds"]
    assert "median absolute error" in run.output
