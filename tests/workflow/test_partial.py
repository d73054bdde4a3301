"""A failed cell shows its reason and blocks nothing else; a killed job goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from conftest import TINY, Checkout

pytestmark = pytest.mark.workflow

CELL = "mini/seed-1/mnli/xnli"


def test_a_failed_cell_leaves_the_others_and_its_reason(done: Checkout):
    # a recipe that cannot be trained: the loss overflows, which training reports
    stages = {"wild": {"mixture": "mnli", "recipe": {"learning_rate": 1e30, "max_grad_norm": 0,
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


def _long(checkout: Checkout) -> None:
    recipes = {"all": {**TINY["recipes"]["all"]}, "target": {"max_steps": 4000}}
    checkout.write_study(
        recipes=recipes, strategies={"none": []}, targets={"xnli": {"languages": ["qaa"]}}
    )


def test_sigterm_saves_and_the_next_run_goes_on(done: Checkout):
    _long(done)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "target_models"]
    log = done.results / "logs/target/mini/seed-1/none/xnli.log"
    log.unlink()
    process = subprocess.Popen(
        command, cwd=done.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": ""}, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while "step" not in (log.read_text() if log.is_file() else "") and time.monotonic() < deadline:
        time.sleep(0.2)
    pids = subprocess.run(
        ["pgrep", "-f", f"{done.folder}.*train_stage|train_stage.*{done.folder}"],
        capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    for pid in pids:
        os.kill(int(pid), signal.SIGTERM)
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0, output
    assert list((done.results / "state").glob("*/*")), "no training state was saved"
    assert not (done.results / "target/mini/seed-1/none/xnli/.fresh").exists()
