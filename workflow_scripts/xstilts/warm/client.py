"""A job's script: runs the job in a fork of the nursery, or here where there is none."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xstilts.jobs import run_job
from xstilts.paths import product, study_root
from xstilts.warm.messages import SOCKET, Ended, Request, Started, receive, send

# libraries that would start threads when they are imported: the nursery must have none
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)


def start_nursery() -> subprocess.Popen[bytes]:
    """Start the nursery of this run; jobs find it by an environment variable.

    It ends with this process, or when its standard input is closed.
    """
    path = str(Path(tempfile.mkdtemp(prefix="xstilts-")) / "nursery")
    nursery = subprocess.Popen(
        [sys.executable, "-m", "xstilts.warm.nursery", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # Ctrl-C is for the jobs, which save their state; the nursery ends when Snakemake does
        start_new_session=True,
        env=os.environ | _ONE_THREAD,
    )
    os.environ[SOCKET] = path
    return nursery


def run(call: Callable[..., None], *, output: str, log: str, reports: bool = False) -> None:
    """Run ``call()`` as a job; leaves with the job's exit code if it failed.

    Args:
        call: can be pickled (a function of a module, or a ``functools.partial`` of one).
        output: a file of the job's product, which gives the job its name and its study.
        log: the job's log file.
        reports: whether it takes ``report``, to be told how far it is.
    """
    frame: dict[str, Any] = {
        "name": product(output),
        "log": log,
        "root": study_root(output),
        "reports": reports,
    }
    ended = _in_fork(call, frame)
    if ended is None:
        run_job(call, **frame)
    elif ended.code < 0:
        name = signal.Signals(-ended.code).name
        sys.stderr.write(f"\n{frame['name']} was ended by {name}.\n\n")
        # what a shell reports of a process that a signal ended
        sys.exit(128 - ended.code)
    elif ended.code:
        sys.exit(ended.code)


def _in_fork(call: Callable[..., None], frame: dict[str, Any]) -> Ended | None:
    """How the job ended in a fork; None if no fork has started it."""
    connection = _connected()
    if connection is None:
        return None
    request = Request(
        call=call,
        frame=frame,
        folder=str(Path.cwd()),
        environ={name: value for name, value in os.environ.items() if name != SOCKET},
        prefix=sys.prefix,
        mask=_umask(),
    )
    with connection:
        return _outcome(connection, request)


def _connected() -> socket.socket | None:
    """A connection to this run's nursery; None where there is none (yet)."""
    path = os.environ.get(SOCKET)
    if path is None:
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    return connection


def _outcome(connection: socket.socket, request: Request) -> Ended | None:
    """How the job ended in a fork; None if no fork has started it."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        send(connection, request, (1, 2))
        started, _ = receive(connection)
    except (OSError, EOFError):
        return None
    if not isinstance(started, Started):
        return None
    with _forwarding(started.pid):
        try:
            ended, _ = receive(connection)
        except (OSError, EOFError):
            # the nursery was killed, and with it the only one who knows
            return Ended(-signal.SIGKILL)
    return ended


@contextlib.contextmanager
def _forwarding(pid: int) -> Iterator[None]:
    """Pass on the signals that ask a job to stop."""

    def forward(number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    previous = [signal.signal(number, forward) for number in _FORWARDED]
    try:
        yield
    finally:
        for number, handler in zip(_FORWARDED, previous, strict=True):
            signal.signal(number, handler)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
