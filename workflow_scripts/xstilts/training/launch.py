"""Launch the processes of a process group on this machine and return their result or error.

torch's launchers do not fit a job: ``torch.multiprocessing`` imports the job's script in every
process, ``torchrun`` gives processes only half a minute to save their state, and both report a dead
process as a page of text. This module does not import torch: the waiting process does not need it.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from xstilts.errors import Interrupted, Stopped, UserError
from xstilts.progress import Progress, Reporter
from xstilts.training.signals import StopRequest, stop_request

logger = logging.getLogger(__name__)

LIBRARY = str(Path(__file__).parents[2])
GRACE = 5.0
"""Seconds to wait for the messages of the other processes after one has failed."""
SETUP_GRACE = 10.0
"""Seconds to wait for processes that are asked to stop and have reported no step: while they wait
for each other, outside of Python, they do not notice signals."""
POLL = 0.2
STOPS = (Interrupted.__name__, Stopped.__name__)
LOGGED = Reporter()


def launch(
    call: Callable[..., Any],
    *,
    processes: int,
    mode: Literal["ddp", "fsdp"],
    precision: str,
    num_threads: int,
    report: Callable[[Progress], None] = LOGGED,
) -> Any:
    """Run ``call(report, group, device)`` in several processes.

    Their log lines are written to this process's log. Signals that ask to stop are forwarded to
    all of them.

    Args:
        call: picklable; its return value consists of plain values.
        processes: number of processes.
        mode: ``ddp`` for replicas of the model, ``fsdp`` for sharded weights.
        precision: precision of the recipe.
        num_threads: CPU threads of each process.
        report: receives the progress of the main process; by default, writes lines to the log.

    Returns:
        The return value of the main process.

    Raises:
        UserError: a process raised it.
        Interrupted: a signal asked the processes to stop, and they have saved their state.
        Stopped: a signal asked them to stop before the first step.
        RuntimeError: a process died or raised another exception.
    """
    with stop_request() as request, tempfile.TemporaryDirectory() as folder:
        job = {
            "call": pickle.dumps(call),
            "rendezvous": str(Path(folder) / "rendezvous"),
            "size": processes,
            "mode": mode,
            "precision": precision,
        }
        workers: list[_Worker] = []
        try:
            for rank in range(processes):
                workers.append(_Worker(rank, job, num_threads, report))
            _watch(workers, request)
        finally:
            for worker in workers:
                worker.end()
    return _outcome(workers, request)


class _Worker:
    """One process, and the messages received from it."""

    def __init__(
        self,
        rank: int,
        job: Mapping[str, Any],
        num_threads: int,
        report: Callable[[Progress], None],
    ) -> None:
        self.rank, self.size = rank, job["size"]
        self._report = report
        self.outcome: dict[str, Any] = {}
        """``result``, or ``error`` with ``kind``, ``text`` and ``at``; empty until it ends."""
        self.closed = False
        """True once it can send no more messages."""
        self.killed_here = False
        """True if this process had to kill it."""
        self.trains = False
        """True once it has reported a step."""
        self._buffer = b""
        self.pipe, write_end = os.pipe()
        paths = [LIBRARY, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "OMP_NUM_THREADS": str(num_threads),
            # read by libraries that ask for them, among them transformers
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(self.size),
            "LOCAL_WORLD_SIZE": str(self.size),
        }
        if sys.platform == "linux":
            # all are on this machine, whose host name may not resolve
            environment.setdefault("GLOO_SOCKET_IFNAME", "lo")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xstilts.training.worker", str(write_end)],
            stdin=subprocess.PIPE,
            env=environment,
            pass_fds=[write_end],
        )
        os.close(write_end)
        assert self.process.stdin is not None
        # stays open: the worker exits when it is closed, by the end of this process too
        pickle.dump({**job, "rank": rank}, self.process.stdin)
        self.process.stdin.flush()

    def read(self) -> None:
        """Read and handle the worker's new messages."""
        data = os.read(self.pipe, 1 << 16)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "log" in message:
                logger.log(message["level"], "%s", message["log"])
            elif "progress" in message:
                self.trains = True
                self._report(Progress(**message["progress"]))
            else:
                self.outcome |= message
        self.closed = not data

    @property
    def failed(self) -> bool:
        """True if it has ended with neither a result nor an interruption."""
        if not self.closed or self.process.poll() is None:
            return False
        # an interrupted one has ended before the main process, which may still be saving its state
        stopped = self.outcome.get("error", {}).get("kind") in STOPS
        return not stopped and "result" not in self.outcome

    def end(self) -> None:
        """Kill the process if it still runs, and close its pipes."""
        if self.process.poll() is None:
            self.killed_here = True
            self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        os.close(self.pipe)


def _watch(workers: Sequence[_Worker], request: StopRequest) -> None:
    """Handle messages and forward signals until all have ended, or shortly after one has failed."""
    forwarded = None
    failed_at = forwarded_at = None
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.pipe, selectors.EVENT_READ, worker)
        while any(worker.process.poll() is None for worker in workers) or selector.get_map():
            for key, _ in selector.select(POLL):
                key.data.read()
                if key.data.closed:
                    selector.unregister(key.fd)
            if request.signal != forwarded:
                forwarded, forwarded_at = request.signal, time.monotonic()
                for worker in workers:
                    worker.process.send_signal(signal.Signals[str(forwarded)])
            if failed_at is None and any(worker.failed for worker in workers):
                failed_at = time.monotonic()
            if failed_at is not None and time.monotonic() - failed_at > GRACE:
                return
            training = any(worker.trains for worker in workers)
            if forwarded_at and not training and time.monotonic() - forwarded_at > SETUP_GRACE:
                return
            if not selector.get_map():
                time.sleep(POLL)


def _outcome(workers: Sequence[_Worker], request: StopRequest) -> Any:
    """Return the main process's result, or raise the error that caused all others."""
    errors = [worker.outcome["error"] for worker in workers if "error" in worker.outcome]
    errors.sort(key=lambda error: error["at"])
    for error in errors:
        if error["kind"] == UserError.__name__:
            raise UserError(error["text"])
    for worker in workers:
        if not worker.outcome and not worker.killed_here:
            raise _death(worker, request)
    for error in errors:
        if error["kind"] == Interrupted.__name__:
            raise Interrupted(error["text"])
        if error["kind"] == Stopped.__name__:
            raise Stopped(error["text"])
        raise RuntimeError(error["text"])
    if request.signal and any("result" not in worker.outcome for worker in workers):
        raise Stopped(request.signal)
    return workers[0].outcome["result"]


def _death(worker: _Worker, request: StopRequest) -> Exception:
    """Return the error for a worker that died silently and made the others fail."""
    code = worker.process.returncode
    end = f"exited with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
    # SIGALRM ends one that has not cleaned up in time (``training.signals``)
    ended_by = signal.Signals(-code).name if code < 0 else ""
    if request.signal and ended_by in (request.signal, signal.SIGALRM.name):
        return Interrupted(f"{request.signal}: stopped; the last saved training state is kept.")
    advice = " Most likely memory ran out: raise mem_mb, or lower max_tokens."
    return RuntimeError(
        f"process {worker.rank + 1} of {worker.size} {end} without an error message, so the others "
        f"were stopped.{advice if code == -signal.SIGKILL else ''} The last saved training state "
        "is kept."
    )
