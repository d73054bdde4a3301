"""One lock per product, and claims of runs: results that several checkouts or nodes share.

Snakemake locks its working directory, but two checkouts have two of these and may have one results
folder. A job therefore holds the lock of its product while it runs, whatever its identity: two
identities of one product would replace each other's files. The second job waits, says once for
whom, and then finds the product complete ("reused") or makes its own.

The lock is the kernel's (``flock``), through ``filelock``, as in ``huggingface_hub``:

* It ends with the process that holds it, however that ends. A lock *file* that exists or not
  (``filelock.SoftFileLock``, ``.snakemake/locks``) is left behind by a killed job, and guessing
  that its holder is dead needs clocks or process ids, which other machines do not share.
  ``flufl.lock`` works by lifetimes and link counts: a stage that takes days would have to renew it.
* The kernel's NFS client turns ``flock`` into a byte-range lock of the server (NFSv4, or NFSv3 with
  lockd), which is valid on all nodes and needs a file that is open for writing. Lustre, GPFS and
  BeeGFS do the same if they are mounted with locks (``-o flock``).
* File systems without locks answer ENOSYS, ENOLCK or EOPNOTSUPP. Then nothing is locked, and the
  log says so: refusing would stop the single user of such a cluster. ``filelock`` would fall back
  to a lock file, see above. A mount with local locks only (``-o localflock``, ``nolock``) cannot
  be recognised; there, locks exclude the processes of one machine.
* Files of locks stay, empty but for the holder's name: deleting a locked file is a race, since a
  waiting process may lock the deleted file, and a third one its successor.

GPUs are leased by other locks (``xstilts.gpus``), which are shared and counted.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

FOLDER = "locks"
"""Folder below ``results/STUDY``."""
POLL_SECONDS = 0.5
WITHOUT_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP})
"""Errors of file systems that have no locks."""


@contextlib.contextmanager
def locked(file: Path, what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a lock while the block runs; wait for it if another process holds it.

    Args:
        file: the lock, made if missing.
        what: what it protects, for messages.
        say: receives a sentence if this process has to wait, and if the file system has no locks.
    """
    with contextlib.ExitStack() as held:
        try:
            lock = _new(file)
            if not _try(lock):
                started = time.monotonic()
                say(f"{what} is being made by {holder(file)}. Waiting for its end.")
                lock.acquire(poll_interval=POLL_SECONDS)
                say(f"{what} is free after {time.monotonic() - started:.0f} s.")
            held.callback(lock.release)
            _write_holder(file)
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise
            say(_without_locks(file, error))
        yield


@contextlib.contextmanager
def free(file: Path) -> Iterator[bool]:
    """Hold a lock while the block runs if no other process holds it; yield False if one does.

    Raises:
        OSError: the file system has no locks.
    """
    lock = _new(file)
    if not _try(lock):
        yield False
        return
    with lock:
        yield True
    lock.release()


def holder(file: Path) -> str:
    """Return host, process and start of the process that holds a lock, as text."""
    found = _read(file)
    if not {"host", "pid", "since"} <= found.keys():
        return "another process"
    return f"process {found['pid']} on {found['host']} (since {found['since']})"


def claim(
    root: Path, made: Collection[str], read: Collection[str], say: Callable[[str], None]
) -> FileLock | None:
    """Claim the files of a run of Snakemake; or wait for a run whose files overlap with them.

    Snakemake deletes the outputs of a job before the job starts, so that locks of jobs are not
    enough: runs whose files overlap run one after the other, as they do in one working directory.

    Args:
        root: ``results/STUDY``.
        made: files that this run makes.
        read: files that it reads.
        say: receives a sentence if this run has to wait, and if the file system has no locks.

    Returns:
        The claim, to be held until the run ends. None after waiting for another run: the caller
        finds out what is left to do, and claims that.

    Raises:
        OSError: the folder of locks cannot be written.
    """
    folder = root / FOLDER / "runs"
    # containers may share host names and process ids
    mine = folder / f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}.json"
    # held for an instant; a run that is killed in it does not leave it behind either
    with locked(folder / "turn", f"the list of runs of {root}", lambda _: None):
        other = next((file for file in _others(folder) if _overlaps(file, made, read)), None)
        if other is None:
            lock = _new(mine)
            try:
                lock.acquire(timeout=0)
            except OSError as error:
                if error.errno not in WITHOUT_LOCKS:
                    raise
                say(_without_locks(mine, error))
            _write_holder(mine, made=sorted(made), read=sorted(read), folder=str(Path.cwd()))
            return lock
    say(
        f"{root}: the run in {_read(other).get('folder', 'another folder')}, {holder(other)}, "
        "makes some of the same files. Waiting for its end; Ctrl-C leaves."
    )
    with _new(other).acquire(poll_interval=POLL_SECONDS):
        return None


def _others(folder: Path) -> Iterator[Path]:
    """Yield the claims of other runs that are still alive; delete those of others."""
    for file in sorted(folder.glob("*.json")):
        lock = _new(file)
        try:
            alive = not _try(lock)
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise
            alive = False
        if alive:
            yield file
        else:
            file.unlink(missing_ok=True)
            lock.release()


def _overlaps(file: Path, made: Collection[str], read: Collection[str]) -> bool:
    """Return True if a run makes files that the claim of another run names, or the reverse."""
    found = _read(file)
    theirs, their_inputs = set(found.get("made", ())), set(found.get("read", ()))
    return not (theirs.isdisjoint(made) and theirs.isdisjoint(read)) or not (
        their_inputs.isdisjoint(made)
    )


def _new(file: Path) -> FileLock:
    file.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(file, fallback_to_soft=False)


def _try(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _write_holder(file: Path, **more: Any) -> None:
    """Write this process into the file of a lock that it holds, for messages of others."""
    since = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    values = {"host": socket.gethostname(), "pid": os.getpid(), "since": since, **more}
    # not replaced by another file, which would not be locked
    file.write_text(json.dumps(values), encoding="utf-8")


def _read(file: Path) -> dict[str, Any]:
    """Return the holder of a lock; empty if it is unknown, or being written."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _without_locks(file: Path, error: OSError) -> str:
    return (
        f"{file.parent}: this file system has no locks ({error.strerror}). Do not run two "
        "checkouts on these results at the same time."
    )
