"""Jobs for test_runner.py; imported by the fork server's forks."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path

from xstilts.errors import Interrupted, UserError


def describe(file: str) -> None:
    """Write facts about this process to a file, and a line to each stream."""
    facts = [os.getpid(), Path.cwd(), os.environ.get("COLOUR"), "torch" in sys.modules]
    Path(file).write_text("|".join(map(str, facts)))
    logging.getLogger("xstilts").info("described")
    sys.stdout.write("out\n")
    sys.stderr.write("error\n")


def optimise(file: str) -> None:
    """Write the modules that an optimiser and its first step import."""
    from engine_world import recipe

    from xstilts.training.optimiser import make_optimiser

    before = set(sys.modules)
    weight = sys.modules["torch"].nn.Parameter(sys.modules["torch"].zeros(2, 2))
    optimiser = make_optimiser([weight], recipe())
    weight.sum().backward()
    optimiser.step()
    Path(file).write_text(" ".join(sorted(set(sys.modules) - before)))


def refuse() -> None:
    raise UserError("no such thing")


def wait(file: str) -> None:
    """Wait to be stopped, as training does between steps."""

    def stop(number: int, _frame: object) -> None:
        raise Interrupted(signal.Signals(number).name)

    signal.signal(signal.SIGUSR1, stop)
    temporary = Path(f"{file}.new")
    temporary.write_text(str(os.getpid()))
    temporary.rename(file)
    time.sleep(120)


def meet(number: str, count: str) -> None:
    """Wait until ``count`` jobs have started."""
    Path(f"here-{number}").touch()
    deadline = time.monotonic() + 120
    while len(list(Path().glob("here-*"))) < int(count):
        assert time.monotonic() < deadline
        time.sleep(0.02)
