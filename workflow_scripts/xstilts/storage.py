"""Errors of storage: full, over quota, read-only, not permitted; and what to do about them."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
_CODES = _FULL | _FORBIDDEN | {errno.EROFS}
_TEXTS = {os.strerror(code): code for code in _FULL | {errno.EROFS}}
"""Texts by which libraries that have no error numbers (safetensors, torch, Arrow) report them."""
_WRITE_FAILED = re.compile(r"PytorchStreamWriter failed|unexpected pos \d+ vs")
"""How torch reports a failed write, without its cause; the file is removed by then."""


def storage_problem(error: BaseException, root: Path) -> str | None:
    """Return the message for an error in writing files; None for another error.

    Args:
        error: the exception, which may have been raised while another one was handled.
        root: folder of the results. Elsewhere, a missing permission is one of reading.
    """
    for one in _chain(error):
        code = one.errno if isinstance(one, OSError) else None
        if code not in _CODES:
            code = next((number for text, number in _TEXTS.items() if text in str(one)), None)
        if code is None and _WRITE_FAILED.search(str(one)):
            code = errno.ENOSPC
        file = _file_of(one)
        if code in _FORBIDDEN and not (file and file.absolute().is_relative_to(root.absolute())):
            code = None
        if code is not None:
            return _message(code, file or _fullest(root))
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that were handled when it was raised."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _file_of(error: BaseException) -> Path | None:
    name = getattr(error, "filename", None)
    return Path(os.fsdecode(name)) if isinstance(name, str | bytes) else None


def _fullest(root: Path) -> Path:
    """Return the folder of results or that of temporary files: a failed write names no file."""
    return min(root, Path(tempfile.gettempdir()), key=_free)


def _message(code: int, file: Path) -> str:
    folder = _existing(file.absolute())
    what = os.strerror(code)
    if code in _FULL:
        total, _, free = shutil.disk_usage(folder)
        quota = "" if code == errno.ENOSPC else " Your quota is used up (`quota -s`)."
        return (
            f"{file}: {what}. The file system of {_mount(folder)} has {free / 1e9:.1f} of "
            f"{total / 1e9:.1f} GB free, now that the unfinished file is removed.{quota} Free "
            "space there: models and training states are the largest (`du -sh results/*/*`; "
            "`xstilts plan` says how much a study needs). Then run the same command again, which "
            "keeps what is finished or saved."
        )
    if code == errno.EROFS:
        return (
            f"{file}: {what} ({_mount(folder)}). Mount it for writing, or make results/ a link to "
            "a folder that you can write to; then run the same command again."
        )
    owner = folder.stat()
    return (
        f"{file}: {what}. {folder} belongs to user {owner.st_uid}, with mode "
        f"{owner.st_mode & 0o7777:o}; you are user {os.geteuid()}. Change its permissions "
        f"(chmod, chown), or make results/ a link to a folder that you can write to; then run the "
        "same command again."
    )


def _free(path: Path) -> int:
    return shutil.disk_usage(_existing(path.absolute())).free


def _existing(path: Path) -> Path:
    """Return the closest folder that exists."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def _mount(folder: Path) -> Path:
    """Return the mount point of a folder's file system."""
    return next(path for path in (folder, *folder.parents) if path.is_mount())
