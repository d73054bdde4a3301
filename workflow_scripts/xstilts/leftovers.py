"""Files that killed jobs and runs have left behind, found and removed by the next run.

Nothing of a running job or run is removed, wherever that runs: temporary files are locked while
they are written, and products while they are made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import UserError
from xstilts.files import PART
from xstilts.locks import FOLDER, WITHOUT_LOCKS, free
from xstilts.own_folder import own_folder

FRESH = ".fresh"
"""Folder of a stage's model while its files are written."""
JOB_PREFIX = "xstilts-job-"
"""Of the folders of temporary files of jobs, below ``TMPDIR``."""
_LOCK = "xstilts.lock"
"""File below ``.snakemake`` that every run locks."""
_OLD_SECONDS = 24 * 3600.0
"""Without locks, a temporary file that nobody has written to for so long is left over."""
_SCRIPT_SECONDS = 60.0
"""Seconds after which a job has read its script."""
_FOREIGN = frozenset({"logs", "benchmarks", FOLDER})
"""Folders below ``results/STUDY`` without temporary files."""


def remove_leftovers(root: Path) -> None:
    """Remove the temporary files of killed jobs of a study, and of this machine's.

    Args:
        root: ``results/STUDY``.
    """
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        if here == root:
            folders[:] = [name for name in folders if name not in _FOREIGN]
        if FRESH in folders:
            folders.remove(FRESH)
            name = here.relative_to(root).as_posix()
            with contextlib.suppress(OSError), free(root / FOLDER / f"{name}.lock") as unused:
                if unused:
                    shutil.rmtree(here / FRESH, ignore_errors=True)
        for name in files:
            if PART.fullmatch(name):
                _remove(here / name)
    for folder_of_job in Path(tempfile.gettempdir()).glob(f"{JOB_PREFIX}*"):
        _remove(folder_of_job)


def _remove(path: Path) -> None:
    """Remove a temporary file or folder of this user that no process has locked."""
    # a lock on a network file system needs a file that is open for writing
    folder = path.is_dir() and not path.is_symlink()
    flags = (os.O_RDONLY if folder else os.O_RDWR) | os.O_NOFOLLOW
    with contextlib.suppress(OSError):
        descriptor = os.open(path, flags)
        try:
            found = os.fstat(descriptor)
            if found.st_uid == os.getuid() and _left(descriptor, found):
                if stat.S_ISDIR(found.st_mode):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
        finally:
            os.close(descriptor)


def _left(descriptor: int, found: os.stat_result) -> bool:
    """True if no process writes the file, or the files of the folder."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
        # the time of a folder says nothing about the files in it
        old = time.time() - found.st_mtime > _OLD_SECONDS
        return old and stat.S_ISREG(found.st_mode)
    return True


@contextlib.contextmanager
def temporary_folder_of_job() -> Iterator[None]:
    """Let all temporary files of this process, and of those that it starts, be in one folder.

    It is removed when the block ends, and by the next run if the job is killed.
    """
    folder = Path(tempfile.gettempdir()) / f"{JOB_PREFIX}{secrets.token_hex(8)}"
    former, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    with contextlib.ExitStack() as left:
        # before it is made: a signal may stop the job at any point from then on
        left.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY)
        left.callback(os.close, descriptor)
        left.callback(_set_temporary_folder, former, variable)
        # torch's cache of compiled code, for all jobs, is otherwise among the temporary files
        with contextlib.suppress(UserError):
            os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(own_folder() / "torchinductor"))
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _set_temporary_folder(str(folder), str(folder))
        yield


def _set_temporary_folder(default: str | None, variable: str | None) -> None:
    """Set Python's folder of temporary files, and that of processes started from here."""
    tempfile.tempdir = default
    os.environ.pop("TMPDIR", None)
    if variable is not None:
        os.environ["TMPDIR"] = variable


def enter_working_folder(snakemake: Path, root: Path) -> int | None:
    """Share Snakemake's folder with other runs; without any, remove what killed ones have left.

    Snakemake's lock of a killed run would refuse all later ones. (``xstilts.locks`` excludes runs
    that make the same files.)

    Args:
        snakemake: the folder ``.snakemake``.
        root: ``results/STUDY``.

    Returns:
        A file descriptor, which holds the kernel's lock until this process ends; None on a file
        system without locks.
    """
    try:
        snakemake.mkdir(exist_ok=True)
        descriptor = os.open(snakemake / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for lock in snakemake.glob("locks/*.lock"):
            if _names_files_of(lock, root):
                lock.unlink()
        old = time.time() - _SCRIPT_SECONDS
        for path in (*snakemake.glob("scripts/*"), *snakemake.glob("shell_tmp.*")):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < old:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
    except BlockingIOError:
        pass
    except OSError:
        os.close(descriptor)
        return None
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _names_files_of(lock: Path, root: Path) -> bool:
    """True unless a lock of Snakemake is that of another workflow, or study, in this folder."""
    with lock.open(encoding="utf-8", errors="surrogateescape") as lines:
        return any(line.startswith(f"{root}/") for line in lines)


@contextlib.contextmanager
def exclude_runs(snakemake: Path) -> Iterator[None]:
    """Let no run begin in a working folder while the block runs; a new one waits for its end.

    Snakemake's own lock of a killed run does not count, but where there are no other locks.

    Args:
        snakemake: the folder ``.snakemake``.

    Raises:
        UserError: a run is going on there.
    """
    running = f"{snakemake}: Snakemake is running here. Wait for its end, or stop it"
    with contextlib.ExitStack() as held:
        try:
            descriptor = os.open(snakemake / _LOCK, os.O_RDWR | os.O_CLOEXEC)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{running}.") from None
        except OSError:
            # no run has been here yet, or the file system has no locks
            if any(snakemake.glob("locks/*")):
                raise UserError(f"{running}; if it was killed: snakemake --unlock") from None
        yield
