"""The process that jobs are forked from: imports once, then forks on request.

    python -m xstilts.runner.fork_server SOCKET

It ends when its standard input does, that is with the Snakemake that started it. It computes
nothing itself and starts no thread: a process with threads cannot be forked safely.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import shutil
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path

from xstilts.runner.frame import run_here
from xstilts.runner.messages import Ended, Request, Started, receive, send

IMPORTED = (
    "pandas",
    # by torch.optim when it makes its first optimiser
    "torch._dynamo",
    "xstilts.config.recipe",
    "xstilts.data.prepare",
    "xstilts.data.text",
    "xstilts.prediction.run",
    "xstilts.schema_metadata",
    "xstilts.results.score",
    "xstilts.jobs.data",
    "xstilts.jobs.predict",
    "xstilts.jobs.score",
    "xstilts.jobs.tokens",
    "xstilts.jobs.train",
    "xstilts.tokens.prepare",
    "xstilts.training.loop",
    "xstilts.training.selection",
    "xstilts.training.state",
)
"""What jobs import first; what single kinds of task need is left to them."""


def serve(path: str) -> None:
    """Answer requests until standard input is closed."""
    for name in IMPORTED:
        importlib.import_module(name)
    waiting: dict[int, socket.socket] = {}
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    listener = socket.socket(socket.AF_UNIX)
    # bound under another name first: the socket is there when it answers
    listener.bind(f"{path}.new")
    listener.listen(64)
    Path(f"{path}.new").rename(path)
    while True:
        ready, _, _ = select.select([sys.stdin, listener, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
            _report_ended(waiting)
        if listener in ready:
            connection, _ = listener.accept()
            pid = _fork(connection, [listener, *waiting.values()])
            waiting[pid] = connection
        if sys.stdin in ready and not os.read(sys.stdin.fileno(), 64):
            return


def _report_ended(waiting: dict[int, socket.socket]) -> None:
    """Tell the scripts of jobs that ended how they did."""
    while waiting:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with waiting.pop(pid) as connection, contextlib.suppress(OSError):
            send(connection, Ended(os.waitstatus_to_exitcode(status)))


def _fork(connection: socket.socket, others: list[socket.socket]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for other in others:
            other.close()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = _job(connection)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        # not sys.exit: the fork server's own clean-up is not this process's
        os._exit(code)


def _job(connection: socket.socket) -> int:
    """Become the job that is asked for, and run it; returns its exit code."""
    request: Request
    request, fds = receive(connection)
    if request.prefix != sys.prefix:
        return 1
    for fd, number in zip(fds, (1, 2), strict=True):
        os.dup2(fd, number)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.chdir(request.folder)
    os.umask(request.mask)
    os.environ.clear()
    os.environ.update(request.environ)
    send(connection, Started(os.getpid()))
    threading.Thread(target=_die_with, args=[connection], daemon=True).start()
    try:
        run_here(request.call, request.frame)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    return 0


def _die_with(connection: socket.socket) -> None:
    """End this process when its script has gone, as if the script were it."""
    with contextlib.suppress(OSError):
        connection.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    folder = Path(sys.argv[1]).parent
    try:
        serve(sys.argv[1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
