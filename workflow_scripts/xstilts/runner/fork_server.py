"""The fork server: imports the libraries of jobs once, then forks on request.

    python -m xstilts.runner.fork_server SOCKET

It exits when its standard input is closed, that is with the Snakemake that started it, and its last
fork has ended. It computes nothing itself and starts no threads: a process with threads cannot be
forked safely.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xstilts.runner.frame import run_here
from xstilts.runner.messages import Ended, Request, Started, receive, send
from xstilts.runner.run_folder import remove_if_ended
from xstilts.training.signals import ASKING

IMPORTED = (
    "pandas",
    # imported by torch.optim with the first optimiser
    "torch._dynamo",
    "xstilts.config.recipe",
    "xstilts.locks",
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
"""Modules that jobs import first; those of a single kind of task are left to the forks."""


def serve(path: str) -> None:
    """Answer requests until standard input is closed."""
    for name in IMPORTED:
        importlib.import_module(name)
    if sys.modules["xstilts.device"].is_initialised():
        # a GPU cannot be used in a fork of a process that uses it already: jobs run unforked
        return
    # a fork that collects garbage would copy the pages of all that was imported
    gc.freeze()
    # jobs are asked to stop by their scripts; a signal to every process of a session or service
    # must not take away the one that knows their exit codes
    dispositions = {number: signal.signal(number, signal.SIG_IGN) for number in ASKING}
    waiting: dict[int, socket.socket] = {}
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    listener = socket.socket(socket.AF_UNIX)
    # renamed once it listens, so that clients find only a socket that answers
    try:
        listener.bind(f"{path}.new")
        listener.listen(64)
        Path(f"{path}.new").rename(path)
    except FileNotFoundError:
        # the run has ended while this process was importing
        return
    open_for: list[Any] = [sys.stdin, listener]
    while open_for or waiting:
        ready, _, _ = select.select([*open_for, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
            _report_ended(waiting)
        if listener in ready:
            connection, _ = listener.accept()
            pid = _fork(connection, [listener, *waiting.values()], dispositions)
            waiting[pid] = connection
        if sys.stdin in ready and not os.read(sys.stdin.fileno(), 64):
            open_for = []
    # that of a run that was killed, now that its last job has ended
    remove_if_ended(Path(path).parent, seconds=5.0)


def _report_ended(waiting: dict[int, socket.socket]) -> None:
    """Send their exit codes to the scripts of jobs that have ended."""
    while waiting:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with waiting.pop(pid) as connection, contextlib.suppress(OSError):
            send(connection, Ended(os.waitstatus_to_exitcode(status)))


def _fork(
    connection: socket.socket,
    others: list[socket.socket],
    dispositions: Mapping[signal.Signals, Any],
) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for other in others:
            other.close()
        signal.set_wakeup_fd(-1)
        for number, handler in (*dispositions.items(), (signal.SIGCHLD, signal.SIG_DFL)):
            signal.signal(number, handler)
        code = _job(connection)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        # not sys.exit: the fork must not run the fork server's clean-up
        os._exit(code)


def _job(connection: socket.socket) -> int:
    """Set up this fork as the requested job and run it; return its exit code."""
    request: Request
    request, fds = receive(connection)
    if request.prefix != sys.prefix:
        return 1
    for fd, number in zip(fds, (1, 2), strict=True):
        os.dup2(fd, number)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.chdir(request.folder)
    os.umask(request.umask)
    os.environ.clear()
    os.environ.update(request.environ)
    send(connection, Started(os.getpid()))
    threading.Thread(target=_exit_with_script, args=[connection], daemon=True).start()
    try:
        run_here(request.call, request.info)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    return 0


def _exit_with_script(connection: socket.socket) -> None:
    """Raise the signals that the script gets, and kill this process when it has exited.

    As if they were one process.
    """
    with contextlib.suppress(OSError):
        while number := connection.recv(1):
            os.kill(os.getpid(), number[0])
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve(sys.argv[1])
