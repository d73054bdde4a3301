"""Runs of Snakemake that are stopped or killed, and what they leave behind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from checkout import Checkout

SECONDS = 120.0
"""Time limit of a test, not an expectation."""


def until(true: Callable[[], object], process: subprocess.Popen[bytes], output: Path) -> None:
    """Wait until a condition holds while a run is running."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, output.read_text()
        assert process.poll() is None, output.read_text()
        time.sleep(0.01)


class Running:
    """A run of Snakemake in a session of its own."""

    def __init__(self, checkout: Checkout, *arguments: str) -> None:
        self.checkout, self.output = checkout, checkout.folder / "output.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
                cwd=checkout.folder,
                env={**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def until_logged(self, log: str, text: str = "") -> None:
        """Wait until this run has written a text to a log."""
        file = self.checkout.results / "logs" / log
        until(lambda: file.is_file() and text in file.read_text(), self.process, self.output)

    def stop(self, number: signal.Signals, *, group: bool) -> str:
        """Send a signal to the process or its group; return the output when all have ended."""
        (os.killpg if group else os.kill)(self.process.pid, number)
        self.process.wait(timeout=SECONDS)
        self.until_gone()
        return self.output.read_text()

    def kill_one(self, draw: random.Random) -> bool:
        """Kill Snakemake, or any process that it has started; return False if it has ended."""
        others = [one for one in processes_in(self.checkout.folder) if one.pid != self.process.pid]
        if self.process.poll() is not None:
            return False
        victim = (
            draw.choice([psutil.Process(self.process.pid), *others]) if others else self.process
        )
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
        self.process.wait(timeout=SECONDS)
        self.until_gone()
        return True

    def until_gone(self) -> None:
        """Wait until no process of the checkout is running."""
        deadline = time.monotonic() + SECONDS
        while found := processes_in(self.checkout.folder):
            assert time.monotonic() < deadline, [one.cmdline() for one in found]
            time.sleep(0.02)


def processes_in(folder: Path) -> list[psutil.Process]:
    """Return the processes whose working directory is a folder."""
    return [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == str(folder)]


def temporary_files(checkout: Checkout) -> list[Path]:
    """Return the temporary files and locks of a run that has ended."""
    locks = checkout.folder / ".snakemake/locks"
    results = checkout.results
    return [*locks.glob("*"), *results.rglob(".*.part"), *results.rglob(".fresh")]
