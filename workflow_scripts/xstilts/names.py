"""Names and paths that users write: which are safe as part of a path, and what ``~`` is.

Languages and tasks are checked by :func:`path_name`, revisions in the hub's cache by
:func:`revision_name`. Names of studies, bases, stages, strategies and targets have a pattern of
their own (``config.study.Name``). ``grid.path_names`` checks the length of names and paths.
"""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.errors import shortened

if TYPE_CHECKING:
    from collections.abc import Collection

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_REVISION = re.compile(rf"{_NAME.pattern}(/{_NAME.pattern})*")
_REPOSITORY = re.compile(r"([\w][\w.-]*/)?[\w][\w.-]*", re.ASCII)
MAX_NAME = 100
"""Longest name of one part of a path, in characters; file systems allow 255 bytes."""
_MAX_PATH, _MAX_PART = 4000, 255


def path_name(name: str) -> str:
    """Return a name that is one safe part of a path.

    Raises:
        ValueError: it has other characters than ASCII letters, digits, ``_``, ``.`` and ``-``, such
            as ``/``, does not begin with a letter or digit, or is too long.
    """
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise ValueError(
            f"{shortened(name)} cannot be part of a path. Use up to {MAX_NAME} letters (a-z, A-Z), "
            "digits, '_', '.' and '-', with a letter or digit first"
        )
    return name


def revision_name(name: str) -> str:
    """Return the name of a branch, tag or commit, whose parts are safe in the path of a cache.

    Raises:
        ValueError: it is not such a name.
    """
    if not _REVISION.fullmatch(name) or len(name) > MAX_NAME:
        raise ValueError(
            f"{shortened(name)} is not a branch, tag or commit. Copy it from the repository's page"
        )
    return name


def repository_name(name: str) -> str:
    """Return the name of a repository of the hub, ``OWNER/NAME``, or ``NAME`` of some old ones.

    Raises:
        ValueError: it is not such a name.
    """
    if not _REPOSITORY.fullmatch(name) or ".." in name or len(name) > MAX_NAME:
        raise ValueError(
            f"{shortened(name)} is not a repository of the hub. Write OWNER/NAME; a folder "
            "belongs under the key path"
        )
    return name


def user_path(path: str) -> str:
    """Return a path with ``~`` and ``~USER`` replaced by the home folder.

    Raises:
        ValueError: it is empty, too long, has a NUL character, or the user has no home folder.
    """
    if not path or "\0" in path:
        raise ValueError(f"{shortened(path)} is not a path. Name a file or folder")
    try:
        # not through Path for others, which would rewrite them
        expanded = str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:
        user = path.partition("/")[0]
        raise ValueError(f"no home folder of {user} is known. Write the whole path") from None
    sizes = [len(part.encode(errors="replace")) for part in Path(expanded).parts]
    if max(sizes, default=0) > _MAX_PART or sum(sizes) > _MAX_PATH:
        raise ValueError(f"{shortened(path)} is longer than file systems allow. Shorten it")
    return expanded


def file_pattern(pattern: str, keys: Collection[str]) -> str:
    """Return a pattern of files (:func:`user_path`) with known keys in braces.

    Args:
        pattern: as in ``text/{language}/*.txt``.
        keys: the accepted keys.

    Raises:
        ValueError: other text in braces, or not a path.
    """
    try:
        fields = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise ValueError(f"{shortened(pattern)}: {error}") from None
    for _, key, form, conversion in fields:
        if key is not None and (key not in keys or form or conversion):
            raise ValueError(
                f"{{{key}}} is not replaced. Use {' or '.join(f'{{{name}}}' for name in keys)}"
            )
    return user_path(pattern)
