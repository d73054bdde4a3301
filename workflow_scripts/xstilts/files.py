"""Atomic writes, checksums, and reading and writing of JSON."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


PART = re.compile(r"\..+\.part")
"""Names of the temporary files of :func:`atomic_path`."""
_NUMBERED = re.compile(r"(?P<stem>.+)-(?P<number>\d+)-of-(?P<total>\d+)(?P<suffix>\.[\w.]+)")


@contextlib.contextmanager
def atomic_path(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path that is renamed to ``path`` if the block ends without an error.

    A crash or a full disk leaves the old file or none, never a partial one. The temporary file is
    locked, so that the next run recognises that of a killed job (``xstilts.leftovers``).

    Args:
        path: the file to write.
        durable: flush the file to disk (fsync), so that this holds for a crash of the machine too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, handle = path.parent / f".{path.name}.{secrets.token_hex(4)}.part", None
    # the file is made inside: a signal at any moment leaves none
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o666)
        # not on every file system
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield temporary
        if durable:
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write UTF-8 text atomically, with Unix line endings on all systems."""
    with atomic_path(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write JSON atomically, keys sorted, so that equal content gives equal bytes."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write_text(path, text, durable=durable)


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        UserError: the file is missing, cannot be read or is not valid JSON.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file. Check the path, or run the job again.")
    # a named pipe would wait for ever
    if not path.is_file():
        raise UserError(f"{path}: not a file but a folder or device. Delete it and run again.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    # Python limits nesting and the number of digits
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path}: not valid JSON ({error!s:.200}). It may be truncated; delete it to make it "
            "again."
        ) from None


def is_present(path: Path) -> bool:
    """Return True if a product exists; False if nothing is at its path.

    Raises:
        UserError: a folder, a device or a link to nothing is there, which no job has made.
    """
    if path.is_file():
        return True
    if os.path.lexists(path):
        raise UserError(
            f"{path}: not a file but a folder, a device or a link to nothing. Delete it and run "
            "again to make it again."
        )
    return False


def leads_outside(path: Path, folder: Path) -> bool:
    """Return True if a path below a folder leads out of it, by a link or by ``..``.

    Links of a snapshot in the hub's cache to the files of its repository do not.

    Args:
        path: a file or folder, which may be missing.
        folder: the folder; it may be a link itself.
    """
    own = Path(os.path.realpath(folder))
    blobs = [parent.with_name("blobs") for parent in own.parents if parent.name == "snapshots"]
    roots = [own, *(root for root in blobs if not root.is_symlink())]
    real = Path(os.path.realpath(path))
    return not any(real.is_relative_to(root) for root in roots)


def missing_parts(names: Collection[str], first: int) -> list[str]:
    """Return the files that a folder lacks, of those named ``STEM-00000-of-00003.SUFFIX``.

    Args:
        names: names of the files in the folder.
        first: number of the first part: 0 in data sets, 1 in weights.
    """
    wanted = {
        f"{found['stem']}-{part:0{len(found['number'])}d}-of-{found['total']}{found['suffix']}"
        for found in filter(None, map(_NUMBERED.fullmatch, names))
        for part in range(first, first + int(found["total"]))
    }
    return sorted(wanted - set(names))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
