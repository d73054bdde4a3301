"""Two checkouts with one results folder, as of a group, at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from checkout import Checkout, Run, new_checkout

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.workflow, pytest.mark.full]


@pytest.fixture
def two(tmp_path: Path) -> tuple[Checkout, Checkout]:
    """Two checkouts whose results are one folder."""
    (tmp_path / "results").mkdir()
    first, second = (new_checkout(tmp_path / name) for name in ("first", "second"))
    for checkout in (first, second):
        (checkout.folder / "results").symlink_to(tmp_path / "results")
    return first, second


def test_two_checkouts_make_one_study(two: tuple[Checkout, Checkout], finished: Checkout) -> None:
    runs: dict[int, Run] = {}

    def run(index: int) -> None:
        leases = {"XSTILTS_LEASES": str(two[index].folder / "leases")}
        runs[index] = two[index].snakemake(environment=leases)

    threads = [threading.Thread(target=run, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [runs[index].code for index in (0, 1)] == [0, 0], runs
    waited = [index for index in (0, 1) if "makes some of the same files" in runs[index].output]
    assert len(waited) == 1
    # what the first has made is not made again
    assert "0 of 2 target stages, 0 of 4 predicted cells to make" in runs[waited[0]].output
    expected, found = finished.files(), two[0].files()
    assert found.keys() == expected.keys()
    for name in expected:
        if name.endswith((".safetensors", ".arrow", "transfer.csv", "effects.csv")):
            assert found[name] == expected[name], name


def test_a_killed_run_does_not_stop_the_other(two: tuple[Checkout, Checkout]) -> None:
    first, second = two
    command = [sys.executable, "-m", "snakemake", "--cores", "2"]
    killed = subprocess.Popen(command, cwd=first.folder, env={**os.environ, "PYTHONPATH": ""})
    while not (first.results / "tokens").is_dir():
        assert killed.poll() is None
        time.sleep(0.05)
    # jobs that are running at this moment continue: the other run waits for them, one by one
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    run = second.snakemake(environment={"XSTILTS_LEASES": str(second.folder / "leases")})
    assert run.code == 0, run.output
    assert second.command("verify").code == 0
