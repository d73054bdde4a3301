"""Kills at random points change no bit, and leave nothing that the next run does not remove.

``make test-full`` kills 200 processes: 20 that train, at chosen points of the code
(unit/test_training_killed.py); here, 160 of any job, which Snakemake starts again, and 20 of
Snakemake, its fork server or a job, after which the run is started again.
"""

from __future__ import annotations

import random
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from product_content import assert_equal, contents
from stop_world import Running, temporary_files

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.full]

JOBS, RUNS = 160, 20
REMOVED = ("data", "tokens", "bases", "intermediate", "target", "predictions", "scores", "tables")
"""All that jobs make before others: what no other job needs any more is not made again."""


def remove_products(checkout: Checkout) -> None:
    for product in REMOVED:
        shutil.rmtree(checkout.results / product, ignore_errors=True)


def assert_whole(checkout: Checkout, before: dict[str, Any]) -> None:
    """Compare what the next run leaves, which removes what killed jobs have left."""
    # a run without jobs would not remove anything
    shutil.rmtree(checkout.results / "tables", ignore_errors=True)
    run = Running(checkout)
    assert run.process.wait(timeout=300) == 0, run.output.read_text()
    run.until_gone()
    assert_equal(contents(checkout), before)
    assert not temporary_files(checkout)
    assert not list((checkout.results / "state").glob("*/*"))


def test_killed_jobs_are_started_again(clean: Checkout) -> None:
    before, draw, killed = contents(clean), random.Random(18), 0
    while killed < JOBS:
        remove_products(clean)
        # the last job of a run may be killed as often as all
        run = Running(clean, "--retries", str(JOBS))
        while run.process.poll() is None:
            time.sleep(draw.uniform(0.0, 1.5))
            killed += killed < JOBS and run.kill_job(draw)
        assert run.process.returncode == 0, run.output.read_text()
        run.until_gone()
        assert_whole(clean, before)


def test_killed_runs_are_continued(clean: Checkout) -> None:
    before, draw, killed = contents(clean), random.Random(18), 0
    remove_products(clean)
    while killed < RUNS:
        run = Running(clean)
        run.until_started()
        time.sleep(draw.uniform(0.0, 5.0))
        if run.kill_any(draw):
            killed += 1
        else:
            assert run.process.returncode == 0, run.output.read_text()
            run.until_gone()
            assert_whole(clean, before)
            remove_products(clean)
        assert "LockException" not in run.output.read_text()
    assert_whole(clean, before)
