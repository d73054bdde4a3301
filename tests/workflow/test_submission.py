"""The target ``submission``: predictions in XTREME's layout, with the scores of the tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = pytest.mark.workflow


@pytest.mark.slow
def test_a_submission_has_the_scores_of_the_study(done: Checkout):
    run = done.snakemake("submission")
    assert run.code == 0, run.output
    assert run.jobs == {"write_submission": 2, "submission": 1}
    assert done.snakemake("-n", "submission").nothing_to_do
    assert "up to date" in done.command("explain", "submission/mini/seed-1/mnli").output

    folder = done.results / "submission/mini/seed-1/mnli"
    out = done.folder / "scores.json"
    command = ["score", str(folder / "labels"), str(folder / "predictions"), "--benchmark", "found"]
    scored = done.command(*command, "--json", str(out))
    assert scored.code == 0, scored.output
    tasks = json.loads(out.read_text())["tasks"]
    assert set(tasks) == {"xnli", "tatoeba"}
    for task, metrics in tasks.items():
        file = done.results / f"scores/mini/seed-1/mnli/{task}.parquet"
        rows = [row for row in pq.read_table(file).to_pylist() if row["metric"] == "accuracy"]
        assert metrics["accuracy"] == pytest.approx(
            {row["language"]: row["value"] for row in rows}, abs=1e-9, rel=0
        )


@pytest.mark.slow
def test_a_suite_becomes_targets(fresh: Checkout):
    # invented languages replace those of the suite
    fresh.write_study(targets={}, suites=["xtreme"])
    run = fresh.jobs_of_dry_run()
    if run.code:
        assert "suite 'xtreme' needs the tasks" in run.output
        assert "Traceback" not in run.output
    else:
        assert run.jobs["predict_xnli"] == 2
