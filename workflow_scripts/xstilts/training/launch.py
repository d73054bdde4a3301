"""Starts the processes of a team on this machine, and ends as they end.

torch's own launchers do not fit a job: one imports the job's script in every process, the other
gives processes half a minute to save their state, and both report a dead one as a page of text.
This module imports no torch: the process that waits needs none of it.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from xstilts.errors import Interrupted, UserError
from xstilts.progress import Progress, Reporter
from xstilts.training.signals import StopRequest, stop_request

logger = logging.getLogger(__name__)

LIBRARY = str(Path(__file__).parents[2])
GRACE = 5.0
"""Seconds in which the others may say what they saw of a process that failed."""
POLL = 0.2
LOGGED = Reporter()


def launch(
    function: str,
    arguments: Mapping[str, Any],
    *,
    processes: int,
    mode: Literal["ddp", "fsdp"],
    precision: str,
    num_threads: int,
    report: Callable[[Progress], None] = LOGGED,
) -> Any:
    """What ``function(arguments, report, team, device)`` returns in the first of several processes.

    Their log lines go to this process's log, and signals that ask to stop, to all of them.

    Args:
        function: ``module:name``; called in every process.
        arguments: plain values.
        processes: how many.
        mode: ``ddp`` for copies of the model, ``fsdp`` for one in shards.
        precision: of the recipe.
        num_threads: CPU threads of each process.
        report: told what the first process says of how far it is; by default, lines in the log.

    Raises:
        UserError: a process raised it.
        Interrupted: the processes stopped because they were asked to.
        RuntimeError: a process died, or failed by an error in the program.
    """
    with stop_request() as request, tempfile.TemporaryDirectory() as folder:
        order = {
            "function": function,
            "arguments": dict(arguments),
            "meeting": str(Path(folder) / "meeting"),
            "size": processes,
            "mode": mode,
            "precision": precision,
        }
        workers: list[_Worker] = []
        try:
            for rank in range(processes):
                workers.append(_Worker(rank, order, num_threads, report))
            _watch(workers, request)
        finally:
            for worker in workers:
                worker.end()
    return _outcome(workers, request)


class _Worker:
    """One process, and what it has said."""

    def __init__(
        self,
        rank: int,
        order: Mapping[str, Any],
        num_threads: int,
        report: Callable[[Progress], None],
    ) -> None:
        self.rank, self.size = rank, order["size"]
        self._report = report
        self.said: dict[str, Any] = {}
        """``result``, or ``error`` with ``kind``, ``text`` and ``at``."""
        self.closed = False
        """Whether it can say no more."""
        self.ended_here = False
        """Whether this process had to end it."""
        self._rest = b""
        self.pipe, theirs = os.pipe()
        paths = [LIBRARY, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "OMP_NUM_THREADS": str(num_threads),
            # what accelerate and torch look for
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(self.size),
            "LOCAL_WORLD_SIZE": str(self.size),
        }
        if sys.platform == "linux":
            # all are on this machine: its name need not be known to a network
            environment.setdefault("GLOO_SOCKET_IFNAME", "lo")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xstilts.training.worker", str(theirs)],
            stdin=subprocess.PIPE,
            env=environment,
            pass_fds=[theirs],
        )
        os.close(theirs)
        assert self.process.stdin is not None
        # stays open: its end tells the worker that this process is gone
        self.process.stdin.write(json.dumps({**order, "rank": rank}).encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> None:
        """Take in what the worker has written."""
        found = os.read(self.pipe, 1 << 16)
        *lines, self._rest = (self._rest + found).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "log" in message:
                logger.log(message["level"], "%s", message["log"])
            elif "progress" in message:
                self._report(Progress(**message["progress"]))
            else:
                self.said |= message
        self.closed = not found

    @property
    def failed(self) -> bool:
        """Whether it has ended in any other way than it was to."""
        if not self.closed or self.process.poll() is None:
            return False
        # one that was asked to stop does not wait for the first, which may be saving its state
        stopped = self.said.get("error", {}).get("kind") == Interrupted.__name__
        return not stopped and "result" not in self.said

    def end(self) -> None:
        """End the process if it still runs, and close what led to it."""
        if self.process.poll() is None:
            self.ended_here = True
            self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        os.close(self.pipe)


def _watch(workers: Sequence[_Worker], request: StopRequest) -> None:
    """Return when all have ended, or soon after the first has failed."""
    forwarded = None
    failed_at = None
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.pipe, selectors.EVENT_READ, worker)
        while any(worker.process.poll() is None for worker in workers) or selector.get_map():
            for key, _ in selector.select(POLL):
                key.data.read()
                if key.data.closed:
                    selector.unregister(key.fd)
            if request.signal != forwarded:
                forwarded = request.signal
                for worker in workers:
                    worker.process.send_signal(signal.Signals[str(forwarded)])
            if failed_at is None and any(worker.failed for worker in workers):
                failed_at = time.monotonic()
            if failed_at is not None and time.monotonic() - failed_at > GRACE:
                return
            if not selector.get_map():
                time.sleep(POLL)


def _outcome(workers: Sequence[_Worker], request: StopRequest) -> Any:
    """The first process's result, or the error that explains the others'."""
    errors = [worker.said["error"] for worker in workers if "error" in worker.said]
    errors.sort(key=lambda error: error["at"])
    for error in errors:
        if error["kind"] == UserError.__name__:
            raise UserError(error["text"])
    for worker in workers:
        if not worker.said and not worker.ended_here:
            raise _death(worker, request)
    for error in errors:
        if error["kind"] == Interrupted.__name__:
            raise Interrupted(error["text"])
        raise RuntimeError(error["text"])
    return workers[0].said["result"]


def _death(worker: _Worker, request: StopRequest) -> Exception:
    """The error for a process that ended without a word, over which the others stumbled."""
    code = worker.process.returncode
    end = f"ended by exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
    if code < 0 and signal.Signals(-code).name == request.signal:
        return Interrupted(f"{request.signal}: stopped; the training state saved last is kept.")
    advice = " Most likely memory ran out: raise mem_mb, or lower max_tokens."
    return RuntimeError(
        f"process {worker.rank + 1} of {worker.size} was {end} and left no message, so that the "
        f"others were stopped.{advice if code == -signal.SIGKILL else ''} The training state that "
        "was saved last is kept."
    )
