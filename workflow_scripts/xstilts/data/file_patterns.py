"""Patterns of files: which files of a folder, or of a listing, match them, and the nearest one."""

from __future__ import annotations

import difflib
import functools
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.files import missing_parts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

JOINER = " + "
"""Joins the parts of a pattern of which each must match."""


def filled(patterns: Sequence[str], language: str, codes: Mapping[str, str]) -> list[str]:
    """Patterns with ``{language}`` and ``{code}`` filled in."""
    code = codes.get(language, language)
    return [pattern.format(language=language, code=code) for pattern in patterns]


def first_match(root: Path, patterns: Sequence[str]) -> list[Path]:
    """The files below ``root`` that match the first pattern with any match; empty if none has.

    Raises:
        UserError: of a file in several parts (``-00000-of-00003``), one is missing.
    """
    for pattern in patterns:
        found = [list(_matches(*_anchored(root, part))) for part in pattern.split(JOINER)]
        if all(found):
            files = {file for part in found for file in part}
            # a pattern without wildcard asks for single parts
            if "*" in pattern:
                _require_all_parts(files)
            # by name first: each treebank has its own folder, but they are read in the order of
            # their files
            return sorted(files, key=lambda path: (path.name, path))
    return []


def _anchored(root: Path, pattern: str) -> tuple[Path, str]:
    """Root and pattern; an absolute pattern begins at its own root."""
    anchor = Path(pattern).anchor
    return (Path(anchor), pattern[len(anchor) :]) if anchor else (root, pattern)


def _require_all_parts(files: Collection[Path]) -> None:
    """Raise a UserError if files are numbered parts and one of them is missing."""
    folders: dict[Path, set[str]] = {}
    for file in files:
        folders.setdefault(file.parent, set()).add(file.name)
    for folder, names in folders.items():
        if missing := missing_parts(names, first=0):
            raise UserError(
                f"{folder}: incomplete: {', '.join(missing[:3])}{' and more' * (len(missing) > 3)} "
                "missing. Copy or download these files, too."
            )


def matching_paths(paths: Collection[str], patterns: Sequence[str]) -> list[str]:
    """:func:`first_match` among the paths of a listing; ``*`` stays within one folder."""
    for pattern in patterns:
        found = [[path for path in paths if fits(path, p)] for p in pattern.split(JOINER)]
        if all(found):
            joined = {path for part in found for path in part}
            return sorted(joined, key=lambda path: (path.rpartition("/")[2], path))
    return []


def fits(path: str, pattern: str) -> bool:
    """Return True if a path matches a pattern, whose ``*`` stays within one folder."""
    names, parts = path.split("/"), pattern.split("/")
    return len(names) == len(parts) and all(map(_fits_name, names, parts))


def _fits_name(name: str, pattern: str) -> bool:
    """Return True if a name matches; as in a shell, ``*`` does not match a hidden file's dot."""
    return any(
        fnmatchcase(name, option) and (name[:1] != "." or option[:1] == ".")
        for option in pattern.split("|")
    )


def nearest(paths: Collection[str], patterns: Sequence[str]) -> str:
    """`` Nearest file: ...`` among paths; empty if none is near."""
    for pattern in patterns:
        if close := difflib.get_close_matches(pattern, sorted(paths), n=1, cutoff=0.5):
            return f" Nearest file: {close[0]}."
    return ""


def listing(folder: Path) -> Mapping[str, bool]:
    """Each name in a folder, mapped to whether it is a file; empty if there is no such folder."""
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
    for name, is_file in listing(root).items():
        if _fits_name(name, head):
            if rest:
                yield from _matches(root / name, rest)
            elif is_file:
                yield root / name


def nearest_below(root: Path, patterns: Sequence[str]) -> str:
    """The nearest file in the folders of the patterns, else one folder down."""
    patterns = [part for pattern in patterns for part in pattern.split(JOINER)]
    folders = [pattern.rpartition("/")[0] for pattern in patterns]
    for globs in ([f"{folder}/*" for folder in folders if folder], ["*/*", "*"]):
        files = {file.relative_to(root).as_posix() for g in globs for file in _matches(root, g)}
        if hint := nearest(files, patterns):
            return hint
    return ""


def require_folder(folder: Path, content: str, where: str) -> None:
    """Raise a UserError unless a folder exists; suggests the nearest name.

    Args:
        folder: as the study names it.
        content: noun for what it has, for the message.
        where: configuration key, or file and line, for the error.
    """
    if folder.is_dir():
        return
    if folder.is_file():
        raise UserError(f"{where}: {folder} is a file. Name the folder with {content}.")
    siblings = [name for name, is_file in listing(folder.parent).items() if not is_file]
    close = difflib.get_close_matches(folder.name, siblings, n=1, cutoff=0.5)
    hint = f" Did you mean {folder.parent / close[0]}?" if close else ""
    raise UserError(f"{where}: no such folder: {folder}.{hint} Name the folder with {content}.")
