"""The folder of a run in the user's own folder in ``/tmp``: what the run and its jobs share.

* ``running``: a pipe whose write end only Snakemake holds. Jobs read from it, and get the end of
  file when Snakemake closes it to stop them, or ends, however that happens. This needs no process
  ids, which containers and nodes do not share, and no parent: a shell may be between Snakemake and
  the job. The run in turn sees whether any job still reads.
* ``reason``: why a job has stopped the whole run, if one has.
* ``fork_server``: the fork server's socket.

The folder is locked while Snakemake runs. Another run removes those that are not.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

from xstilts.errors import UserError
from xstilts.locks import WITHOUT_LOCKS
from xstilts.own_folder import own_folder

VARIABLE = "XSTILTS_RUN"
"""Environment variable with the folder's path."""
FORK_SERVER = "fork_server"
_PIPE, _REASON, PREFIX, ELSEWHERE = "running", "reason", "run-", "xstilts-run-"


class RunFolder:
    """The folder, in Snakemake's process; made by it."""

    def __init__(self) -> None:
        """Make the folder and set the environment variable; remove those of killed runs.

        Raises:
            UserError: no folder for temporary files can be written.
        """
        _remove_ended()
        try:
            self.path, self._lock = _make_locked()
            pipe = self.path / _PIPE
            os.mkfifo(pipe, 0o600)
            reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
            self._writer: int | None = os.open(pipe, os.O_WRONLY)
            os.close(reader)
        except OSError as error:
            raise UserError(
                f"{error.filename or tempfile.gettempdir()}: {error.strerror}. A run needs a "
                "folder for temporary files: free space in /tmp, or set TMPDIR to another folder."
            ) from None
        os.environ[VARIABLE] = str(self.path)

    def stop_jobs(self) -> None:
        """Ask all jobs to stop, also those that start later."""
        if self._writer is not None:
            os.close(self._writer)
            self._writer = None

    def has_jobs(self) -> bool:
        """True if a job is still running; only after :meth:`stop_jobs`."""
        try:
            os.close(os.open(self.path / _PIPE, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENOENT):
                return False
            raise
        return True

    def reason(self) -> str | None:
        """Return why a job has stopped the run; None if none has."""
        try:
            return (self.path / _REASON).read_text(encoding="utf-8")
        except OSError:
            return None

    def remove(self) -> None:
        """Remove the folder; jobs that still run are asked to stop."""
        self.stop_jobs()
        shutil.rmtree(self.path, ignore_errors=True)


def _make_locked() -> tuple[Path, int]:
    """Return a new folder, and the descriptor that holds its lock."""
    while True:
        try:
            path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=own_folder()))
        except (UserError, OSError):
            # somebody has taken the name: mkdtemp makes a private folder of another one
            path = Path(tempfile.mkdtemp(prefix=ELSEWHERE))
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in WITHOUT_LOCKS:
                return path, descriptor
        else:
            if path.is_dir():
                return path, descriptor
        # another run that has just begun took it for that of a killed one
        os.close(descriptor)


def _remove_ended() -> None:
    """Remove the folders of this user's runs that were killed."""
    found = list(Path(tempfile.gettempdir()).glob(f"{ELSEWHERE}*"))
    with contextlib.suppress(UserError, OSError):
        found += own_folder().glob(f"{PREFIX}*")
    for folder in found:
        remove_if_ended(folder)


def remove_if_ended(folder: Path, *, seconds: float = 0.0) -> None:
    """Remove the folder of a run of this user, unless the run holds its lock.

    Args:
        folder: the folder.
        seconds: to wait for the lock of a process that may be ending: the kernel closes its pipes,
            by which others see its end, before it releases its locks.
    """
    deadline = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            while not _try_lock(descriptor):
                if time.monotonic() >= deadline:
                    return
                time.sleep(0.05)
            if os.fstat(descriptor).st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def in_run_folder(name: str) -> Path | None:
    """Return a path in the folder of the run that started this process; None without a run."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) / name if folder else None


def follow_run() -> None:
    """Ask this process to stop (SIGTERM) when its run stops its jobs, or ends.

    Does nothing without a run on this machine.
    """
    pipe = in_run_folder(_PIPE)
    if pipe is None:
        return
    try:
        # without waiting for the write end to be opened: it may be closed already
        descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return
    os.set_blocking(descriptor, True)
    threading.Thread(target=_stop_at_end, args=[descriptor], daemon=True).start()


def _stop_at_end(descriptor: int) -> None:
    """Wait for the end of file; the descriptor stays open, since the run waits for its readers."""
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def run_is_stopping() -> bool:
    """True if the run of this process has stopped its jobs, or has ended."""
    pipe = in_run_folder(_PIPE)
    if pipe is None:
        return False
    try:
        descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return os.read(descriptor, 1) == b""
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)


def stop_run(reason: str) -> bool:
    """Stop the whole run of this process; return True if this is the first job that asks.

    Args:
        reason: shown once, by the run.
    """
    file = in_run_folder(_REASON)
    if file is None:
        return True
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError:
        return True
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(reason)
    return True
