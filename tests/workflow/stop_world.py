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
from checkout import TINY

from xstilts.runner.run_folder import VARIABLE

if TYPE_CHECKING:
    from checkout import Checkout

MODEL = "target/mini/seed-1/none/xnli"
STEPS = 3000
LONG = {
    "recipes": {"all": TINY["recipes"]["all"], "target": {"max_steps": STEPS}},
    "strategies": {"none": []},
    "targets": {"xnli": {"languages": ["qaa", "qab"]}},
}
"""Changes of the tiny study after which one stage, ``MODEL``, takes a minute or so."""
SECONDS = 300.0
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
        temporary = checkout.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
                cwd=checkout.folder,
                env={**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
                | {"TMPDIR": str(temporary)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_heed_all,
            )

    def until_logged(self, log: str, text: str = "") -> None:
        """Wait until this run has written a text to a log."""
        file = self.checkout.results / "logs" / log
        until(lambda: file.is_file() and text in file.read_text(), self.process, self.output)

    def stop(self, number: signal.Signals, *, group: bool) -> str:
        """Send a signal to the process or its group; return the output when all have ended."""
        folders = self._run_folders()
        (os.killpg if group else os.kill)(self.process.pid, number)
        self.process.wait(timeout=SECONDS)
        self.until_gone()
        assert not [folder for folder in folders if folder.exists()]
        return self.output.read_text()

    def _run_folders(self) -> set[Path]:
        """Return the folder of the run, which its processes know; empty before the first."""
        found = set()
        for process in self._others():
            with contextlib.suppress(psutil.Error):
                found.add(process.environ().get(VARIABLE, ""))
        return {Path(folder) for folder in found if folder}

    def until_started(self) -> None:
        """Wait until this run has started another process, or has ended."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None and not self._others():
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.01)

    def kill_job(self, draw: random.Random) -> bool:
        """Kill a process of a job, if any is running; return True if there was one."""
        jobs = [one for one in self._others() if not self._is_fork_server(one)]
        return bool(jobs) and _kill(draw.choice(jobs))

    def kill_any(self, draw: random.Random) -> bool:
        """Kill Snakemake, or any process that it has started; return False if it has ended."""
        if self.process.poll() is not None:
            return False
        _kill(draw.choice([psutil.Process(self.process.pid), *self._others()]))
        self.process.wait(timeout=SECONDS)
        self.until_gone()
        return True

    def _others(self) -> list[psutil.Process]:
        found = processes_in(self.checkout.folder)
        return [one for one in found if one.pid != self.process.pid]

    def _is_fork_server(self, process: psutil.Process) -> bool:
        """True for the fork server itself; its forks have the same command line."""
        try:
            command = process.cmdline()
            return process.ppid() == self.process.pid and "xstilts.runner.fork_server" in command
        except psutil.Error:
            return False

    def until_gone(self) -> None:
        """Wait until no process of the checkout is running."""
        deadline = time.monotonic() + SECONDS
        while found := processes_in(self.checkout.folder):
            assert time.monotonic() < deadline, [one.cmdline() for one in found]
            time.sleep(0.02)


def _heed_all() -> None:
    """Undo that nohup (SIGHUP) or a shell's background (SIGINT) ignores signals for all in it."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _kill(process: psutil.Process) -> bool:
    """Kill a process; return False if it has ended by now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()
        return True
    return False


def processes_in(folder: Path) -> list[psutil.Process]:
    """Return the processes whose working directory is a folder."""
    return [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == str(folder)]


def temporary_files(checkout: Checkout) -> list[Path]:
    """Return the temporary files and locks of a run that has ended."""
    folder, results = checkout.folder, checkout.results
    return [*folder.glob(".snakemake/locks/*"), *results.rglob(".*.part"), *results.rglob(".fresh")]
