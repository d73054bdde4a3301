"""Messages between job scripts and the fork server, over a Unix socket."""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_LENGTH = struct.Struct("!Q")
_FDS = 2


@dataclass(frozen=True, slots=True)
class JobInfo:
    """Name, log and options of a job."""

    name: str
    """The product, as in ``target/mini/seed-1/mnli/xnli``."""
    log: str
    """The job's log file."""
    root: str
    """The study's results folder."""
    reports: bool = field(default=False, kw_only=True)
    """True if it takes the argument ``report``."""
    network: bool = field(default=False, kw_only=True)
    """True if it may download."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A job to run in a fork; sent with the file descriptors of standard output and error."""

    call: Callable[..., None]
    info: JobInfo
    folder: str
    """Working directory."""
    environ: dict[str, str]
    prefix: str
    """``sys.prefix`` of the script: the fork server must use the same environment."""
    umask: int


@dataclass(frozen=True, slots=True)
class Started:
    """The fork has started the job."""

    pid: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The fork has ended; without a ``Started`` before it, the job was not run."""

    code: int
    """Exit code, or minus the number of the signal that ended it."""


def send(connection: socket.socket, message: Any, fds: tuple[int, ...] = ()) -> None:
    """Send one message, and file descriptors with it."""
    data = pickle.dumps(message)
    header = _LENGTH.pack(len(data))
    if fds:
        socket.send_fds(connection, [header], fds)
    else:
        connection.sendall(header)
    connection.sendall(data)


def receive(connection: socket.socket) -> tuple[Any, list[int]]:
    """Receive one message and the file descriptors sent with it.

    Raises:
        EOFError: the connection was closed.
    """
    header, fds, _, _ = socket.recv_fds(connection, _LENGTH.size, _FDS)
    header += _exactly(connection, _LENGTH.size - len(header))
    return pickle.loads(_exactly(connection, _LENGTH.unpack(header)[0])), fds


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError("the connection was closed")
        data += part
    return data
