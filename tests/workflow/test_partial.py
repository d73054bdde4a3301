"""A failed cell shows its reason and blocks no others; a killed job resumes where it stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from checkout import TINY, Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

CELL = "mini/seed-1/mnli/xnli"


def test_a_failed_cell_leaves_the_others_and_its_reason(done: Checkout):
    # an invalid recipe: the loss overflows, which training reports
    stages = {"wild": {"mixture": "mnli", "recipe": {"learning_rate": 2e9, "max_grad_norm": 0,
                                                    "warmup": 0, "max_steps": 40}}}  # fmt: skip
    done.write_study(stages=stages, strategies={**TINY["strategies"], "wild": ["wild"]})
    run = done.snakemake()
    assert run.code != 0
    assert "Traceback" not in run.output.partition("Error in intermediate")[2].partition("\n\n")[0]
    table = (done.results / "tables/transfer.md").read_text()
    assert "—" in table
    assert "loss" in table
    rows = pq.read_table(done.results / "tables/transfer.parquet").to_pandas()
    wild = rows[(rows.strategy == "wild") & (rows.target == "xnli")].iloc[0]
    assert wild["num_seeds"] == 0
    assert "intermediate/mini/seed-1/wild" in wild["reason"]
    other = rows[(rows.strategy == "mnli") & (rows.target == "xnli")].iloc[0]
    assert bool(other["complete"])


def test_a_partial_grid_marks_incomplete_averages(done: Checkout):
    (done.results / f"scores/{CELL}.parquet").unlink()
    run = done.command("tables")
    assert run.code == 0, run.output
    rows = pq.read_table(done.results / "tables/transfer.parquet").to_pandas()
    average = rows[(rows.strategy == "mnli") & (rows.target == "average")].iloc[0]
    assert not bool(average["complete"])
    assert "†" in run.output


def test_sigterm_saves_the_state_and_the_next_run_resumes(done: Checkout):
    recipes = {"all": TINY["recipes"]["all"], "target": {"max_steps": 2000}}
    done.write_study(
        recipes=recipes, strategies={"none": []}, targets={"xnli": {"languages": ["qaa"]}}
    )
    log = done.results / "logs/target/mini/seed-1/none/xnli.log"
    log.unlink()
    with (done.folder / "output.txt").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--cores", "1", "target_models"],
            cwd=done.folder, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": ""},
        )  # fmt: skip
        deadline = time.monotonic() + 120
        # the first line of progress, after a tenth of the steps
        while not (log.is_file() and "INFO step " in log.read_text()):
            assert time.monotonic() < deadline, (done.folder / "output.txt").read_text()
            time.sleep(0.1)
        # to Snakemake alone, as `timeout` and batch systems send it
        process.terminate()
        assert process.wait(timeout=60) != 0
    said = (done.folder / "output.txt").read_text()
    assert "Stopped by SIGTERM; 1 job saved its state; run the same command to continue." in said
    assert "Traceback" not in said
    assert not list((done.folder / ".snakemake/locks").glob("*"))
    assert list((done.results / "state").glob("*/*.pt")), log.read_text()
    run = done.snakemake("target_models")
    assert run.code == 0, run.output
    assert "resuming from step" in log.read_text()
    assert not list((done.results / "state").glob("*/*"))
