"""The process of an implementation, as seen by the process that measures."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setup import Setup

WORKER = Path(__file__).parent / "worker.py"
PATIENCE = 10.0
"""Seconds that a process has to end after its last round."""

WARM_UP = 0.7
"""Share of the time in which a process must have started and computed its first round."""


class WorkerError(RuntimeError):
    """A process gave no answer; the message says why."""


class Worker:
    """A process that computes rounds of one implementation."""

    def __init__(self, setup: Setup, folder: Path, *more: str) -> None:
        command = [sys.executable, str(WORKER), json.dumps(asdict(setup)), str(folder), *more]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def request(self) -> None:
        """Ask for one round, without waiting for it."""
        assert self._process.stdin
        # the answer says why a process has ended
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("\n")
            self._process.stdin.flush()

    def answer(self, until: float | None = None) -> dict[str, Any]:
        """Wait for the measurements of the round that was asked for.

        Args:
            until: value of ``time.monotonic`` at which to give up; None waits without limit.

        Raises:
            WorkerError: the process failed, was killed, or is late.
        """
        output = self._process.stdout
        assert output
        seconds = None if until is None else max(0.0, until - time.monotonic())
        if not select.select([output], [], [], seconds)[0]:
            raise WorkerError("no answer within the time limit")
        line = output.readline()
        if not line:
            code = self._process.wait()
            raise WorkerError(f"killed by signal {-code}" if code < 0 else f"ended with {code}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def round(self, until: float | None = None) -> dict[str, Any]:
        """Compute one round; arguments and errors as in :meth:`answer`."""
        self.request()
        return self.answer(until)

    def close(self) -> None:
        """End the process; it is killed if it does not end by itself."""
        try:
            self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.communicate()


def take_turns(
    workers: Mapping[str, Worker], rounds: int, until: float | None = None
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """Compute rounds by turns, so that load on the machine slows all processes alike.

    Args:
        workers: the processes, by name; they are ended.
        rounds: number of rounds, without the first, which is a warm-up, at the same time in all
            processes, and left out.
        until: value of ``time.monotonic`` after which no round begins, except for the first counted
            one; None for no limit.

    Returns:
        The answers by name, and by name why a process gave none; it gets no further turn.
    """
    now = time.monotonic()
    # a process that does not even start leaves time for the others
    late = None if until is None else now + WARM_UP * (until - now)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in workers}
    failed: dict[str, str] = {}
    for worker in workers.values():
        worker.request()
    for number in range(rounds + 1):
        longest = sum(answers[-1]["wall"] for answers in found.values() if answers)
        if number > 1 and until is not None and time.monotonic() + longest > until:
            break
        for name in [name for name in workers if name not in failed]:
            try:
                answer = workers[name].round(until) if number else workers[name].answer(late)
                found[name].append(answer)
            except WorkerError as error:
                failed[name] = str(error)
                workers[name].kill()
    for name in workers.keys() - failed.keys():
        workers[name].close()
    return {name: answers[1:] for name, answers in found.items() if len(answers) > 1}, failed
