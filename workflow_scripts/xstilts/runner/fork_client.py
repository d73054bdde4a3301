"""Client of the fork server: start it, and run a job in one of its forks."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from xstilts.runner.messages import Ended, JobInfo, Request, Started, receive, send
from xstilts.runner.run_folder import FORK_SERVER, RunFolder, in_run_folder
from xstilts.training.signals import ASKING, handled

_ENVIRONMENT = {
    # libraries that start threads on import: the fork server must have none
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    # read when huggingface_hub is imported; jobs that download do not run in a fork
    "HF_HUB_OFFLINE": "1",
}
_FORWARDED = (*ASKING, signal.SIGUSR1, signal.SIGUSR2)
LONGEST_PATH = 104
"""Bytes of a socket's path, with its final zero (macOS; Linux: 108)."""


def start_fork_server(run: RunFolder) -> subprocess.Popen[bytes] | None:
    """Start the fork server of a run; jobs find it in the run's folder.

    It exits when its standard input is closed, at the latest by the end of this process, and its
    last fork has ended.

    Returns:
        Its process; None if the path of the run's folder is too long for a socket. Jobs then run
        in processes of their own.
    """
    path = run.path / FORK_SERVER
    if len(os.fsencode(f"{path}.new")) >= LONGEST_PATH:
        return None
    return subprocess.Popen(
        [sys.executable, "-m", "xstilts.runner.fork_server", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # Ctrl-C is for the jobs, which save their state; the fork server exits after its forks
        start_new_session=True,
        env=os.environ | _ENVIRONMENT,
    )


def run_in_fork(call: Callable[..., None], info: JobInfo) -> int | None:
    """Run a job in a fork of this run's fork server.

    Args:
        call: a callable that can be pickled.
        info: name, log and study of the job.

    Returns:
        The job's exit code, or minus the number of the signal that ended it; None if the job was
        not started in a fork.
    """
    connection = _connected()
    if connection is None:
        return None
    request = Request(
        call=call,
        info=info,
        folder=str(Path.cwd()),
        environ=dict(os.environ),
        prefix=sys.prefix,
        umask=_umask(),
    )
    with connection:
        ended = _outcome(connection, request)
    return None if ended is None else ended.code


def _connected() -> socket.socket | None:
    """Connect to this run's fork server; None if there is none (yet)."""
    path = in_run_folder(FORK_SERVER)
    if path is None or not path.exists():
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        return None
    return connection


def _outcome(connection: socket.socket, request: Request) -> Ended | None:
    """Run the job in a fork and return how it ended; None if it was not started."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        send(connection, request, (1, 2))
        started, _ = receive(connection)
    except (OSError, EOFError):
        return None
    if not isinstance(started, Started):
        return None
    with _forwarding(connection):
        try:
            ended, _ = receive(connection)
        except (OSError, EOFError):
            # the fork server was killed: nobody else knows the exit code
            return Ended(-signal.SIGKILL)
    return ended


@contextlib.contextmanager
def _forwarding(connection: socket.socket) -> Iterator[None]:
    """Forward the signals that ask a job to stop to the fork."""

    def forward(number: int, _frame: object) -> None:
        # not by its process id, which may be another's once it has ended
        with contextlib.suppress(OSError):
            connection.send(bytes([number]))

    with handled(_FORWARDED, forward):
        yield


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
