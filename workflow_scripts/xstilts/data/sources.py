"""Where the original release files of a data set lie under the user's ``data_root``."""

from __future__ import annotations

import difflib
import functools
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from xstilts.tasks.base import Split, Task


JOINER = " + "
"""Joins the parts of a pattern of which each must match."""


def original_files(
    task: Task, data_root: Path, language: str, split: Split, where: str = "data_root"
) -> list[Path]:
    """The files of one (task, language, split), in the order in which they are read.

    Called for every cell of the grid while the Snakefile is parsed, so it only lists folders, each
    once, and opens nothing.

    Args:
        task: whose file patterns are tried, the preferred one first.
        data_root: folder with the release files.
        language: language code of the study.
        split: which split.
        where: configuration key, or file and line, for the error.

    Raises:
        UserError: no such folder, language, split or file; names the nearest one.
    """
    if not data_root.is_dir():
        raise _no_folder(data_root, where)
    if language not in task.languages:
        raise unknown(f"language of {task.name}", language, task.languages, where)
    if split not in task.splits(language):
        known = task.splits(language)
        raise unknown(f"split of {task.name} in {language!r}", split, known, where)
    if task.parts:
        parts = (original_files(part, data_root, language, split, where) for part in task.parts)
        return [file for files in parts for file in files]
    code = task.codes.get(language, language)
    patterns = [pattern.format(language=language, code=code) for pattern in task.files[split]]
    for pattern in patterns:
        found = [list(_matches(data_root, part)) for part in pattern.split(JOINER)]
        if all(found):
            files = {file for part in found for file in part}
            # by name first: treebanks lie in a folder each, but are read in the order of their
            # files
            return sorted(files, key=lambda path: (path.name, path))
    raise UserError(
        f"{where}: no file of {task.name} ({split}) in {language!r} under {data_root}. Tried, in "
        f"this order: {', '.join(patterns)}.{_nearest(data_root, patterns)} Put the release file "
        f"there ({task.homepage})."
    )


def _listing(folder: Path) -> Mapping[str, bool]:
    """Name to "is a file" of what a folder holds; empty if there is no such folder."""
    try:
        modified = folder.stat().st_mtime_ns
    except OSError:
        return {}
    return _listing_at(folder, modified) if folder.is_dir() else {}


@functools.lru_cache(maxsize=4096)
def _listing_at(folder: Path, modified: int) -> Mapping[str, bool]:
    """The listing of a folder as it was at its modification time, which is part of the key."""
    return {path.name: path.is_file() for path in folder.iterdir()}


def _matches(root: Path, pattern: str) -> Iterator[Path]:
    """Files below ``root`` that match a pattern whose parts may hold ``*`` and ``|``.

    Unlike ``Path.glob`` it lists each folder once for all languages and splits.
    """
    head, _, rest = pattern.partition("/")
    for name, is_file in _listing(root).items():
        if any(fnmatchcase(name, option) for option in head.split("|")):
            if rest:
                yield from _matches(root / name, rest)
            elif is_file:
                yield root / name


def _nearest(root: Path, patterns: list[str]) -> str:
    """`` Nearest file: ...`` where the patterns look, else one folder down; empty if none."""
    patterns = [part for pattern in patterns for part in pattern.split(JOINER)]
    folders = [pattern.rpartition("/")[0] for pattern in patterns]
    for places in ([f"{folder}/*" for folder in folders if folder], ["*/*", "*"]):
        files = {file.relative_to(root).as_posix() for at in places for file in _matches(root, at)}
        for pattern in patterns:
            if close := difflib.get_close_matches(pattern, sorted(files), n=1, cutoff=0.5):
                return f" Nearest file: {close[0]}."
    return ""


def _no_folder(data_root: Path, where: str) -> UserError:
    if data_root.is_file():
        return UserError(f"{where}: {data_root} is a file. Name the folder with the release files.")
    siblings = [name for name, is_file in _listing(data_root.parent).items() if not is_file]
    close = difflib.get_close_matches(data_root.name, siblings, n=1, cutoff=0.5)
    hint = f" Did you mean {data_root.parent / close[0]}?" if close else ""
    return UserError(
        f"{where}: no such folder: {data_root}.{hint} Name the folder with the release files."
    )
