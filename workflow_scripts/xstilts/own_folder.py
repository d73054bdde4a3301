"""The folder of this user in ``/tmp``, which other users can neither write to nor replace.

Names in ``/tmp`` are anybody's: another user may have made a file, a link or an open folder of the
same name before. As ssh and tmux do for their sockets, nothing is used that is not a folder of this
user alone.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from xstilts.errors import UserError


def own_folder() -> Path:
    """Return the folder, made if missing.

    Not below ``XDG_RUNTIME_DIR``, which is deleted at logout, while jobs may still run. Not below
    ``TMPDIR``, which may differ between terminals, and may be too long for the path of a socket.

    Raises:
        UserError: something else has its name, or others can write to it.
    """
    root = Path("/tmp")
    root = root if root.is_dir() else Path(tempfile.gettempdir())
    return checked(root / f"xstilts-{os.getuid()}", follow=False)


def checked(folder: Path, *, follow: bool) -> Path:
    """Make a folder if it is missing, and return it if nobody else can write to it.

    Args:
        folder: the folder.
        follow: True if it may be a link, since this user has named it.

    Raises:
        UserError: it is no folder of this user alone, or cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=follow, exist_ok=True)
        found = folder.stat() if follow else folder.lstat()
    except FileExistsError:
        raise UserError(f"{folder}: {_kind(folder)}, not a folder. Remove it.") from None
    except OSError as error:
        raise UserError(f"{folder}: cannot be made or read ({error.strerror}).") from None
    if not stat.S_ISDIR(found.st_mode):
        raise UserError(f"{folder}: {_kind(folder)}, not a folder. Remove it.")
    if found.st_uid != os.getuid():
        raise UserError(f"{folder}: belongs to another user.")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UserError(f"{folder}: other users can write to it. Remove it, or: chmod 700 {folder}")
    return folder


def _kind(path: Path) -> str:
    return f"a link to {path.readlink()}" if path.is_symlink() else "a file"
