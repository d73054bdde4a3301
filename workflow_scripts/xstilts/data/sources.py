"""Finds the files of a data set: original release files, or a mirror of the hub."""

from __future__ import annotations

import difflib
import functools
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from xstilts.data.language_names import unknown_language
from xstilts.errors import MissingData, UserError, unknown
from xstilts.files import missing_parts
from xstilts.iso639 import release_codes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from xstilts.kinds import Split
    from xstilts.tasks.base import HubSource, Task


JOINER = " + "
"""Joins the parts of a pattern of which each must match."""

_LANGUAGE = re.compile("[a-z]+(-[a-z]+)*(_[A-Z][a-z]{3})?")
"""Codes of languages in file names, such as ``da``, ``pcm``, ``zh-min-nan`` and ``kmb_Latn``."""


def original_files(
    task: Task, data_root: Path, language: str, split: Split, where: str = "data_root"
) -> list[Path]:
    """The release files of one (task, language, split), in the order in which they are read.

    Called for every cell of the grid while the Snakefile is parsed, so it only lists folders, each
    once, and opens nothing.

    Args:
        task: whose file patterns are tried, the preferred one first.
        data_root: folder with the release files.
        language: language code of the study.
        split: which split.
        where: configuration key, or file and line, for the error.

    A language or split that the task does not list is read if its files exist, by the same names
    as those of the others.

    Raises:
        MissingData: no such file of a shipped task; names the nearest one.
        UserError: no such file of another task; no such folder, language or split; names the
            nearest one.
    """
    require_folder(data_root, "the release files", where)
    if task.parts:
        parts = (original_files(part, data_root, language, split, where) for part in task.parts)
        return [file for files in parts for file in files]
    patterns = _release_patterns(task, language, split)
    if not is_listed(task, language, split):
        error = unlisted_error(task, language, split, where)
        return _unlisted_files(data_root, patterns, error)
    return first_match(data_root, patterns) or _none_found(
        data_root, patterns, where, named(task, language, split), task.homepage
    )


def is_listed(task: Task, language: str, split: Split) -> bool:
    """True if the task lists this language, and this split of it."""
    return language in task.languages and split in task.splits(language)


def unlisted_error(task: Task, language: str, split: Split, where: str) -> UserError:
    """The error for a language or split that a task does not list."""
    if language not in task.languages:
        return unknown_language(task, language, task.languages, where)
    known = task.splits(language)
    return unknown(f"split of {task.name} in {language!r}", split, known, where)


def _release_patterns(task: Task, language: str, split: Split) -> list[str]:
    """Patterns of the release files of a (task, language, split), the preferred one first."""
    if is_listed(task, language, split):
        return filled(task.files[split], language, task.codes)
    return _unlisted(task.files.get(split, ()), language, task.languages, task.codes)


def has_release_files(task: Task, data_root: Path, language: str, split: Split) -> bool:
    """True if :func:`original_files` finds files of a task without parts."""
    return bool(first_match(data_root, _release_patterns(task, language, split)))


def mirror_files(
    task: Task, mirror: Path, language: str, split: Split, where: str = "mirror"
) -> list[Path]:
    """The files of one (task, language, split) in a folder laid out as ``OWNER/REPO/PATH``.

    Raises:
        UserError: as :func:`original_files`; also for a task that is not on the hub.
    """
    hub, what = on_hub(task, where), named(task, language, split)
    try:
        patterns = hub_patterns(task, language, split, where)
    except UserError as error:
        return _unlisted_files(
            mirror / hub.repo, _mirror_patterns(hub, task, language, split), error
        )
    return repository_files(mirror, hub.repo, patterns, where, what)


def _mirror_patterns(hub: HubSource, task: Task, language: str, split: Split) -> list[str]:
    """Patterns of a (task, language, split) in a copy of its repository, listed or not."""
    if language in hub_languages(task, split):
        return filled(hub.files[split], language, hub.codes)
    known = hub.languages or task.languages
    return _unlisted(hub.files.get(split, ()), language, known, hub.codes)


def has_mirror_files(task: Task, mirror: Path, language: str, split: Split) -> bool:
    """True if :func:`mirror_files` finds files of a task without parts."""
    if task.hub is None:
        return False
    patterns = _mirror_patterns(task.hub, task, language, split)
    return bool(first_match(mirror / task.hub.repo, patterns))


def _unlisted(
    patterns: Iterable[str], language: str, known: Collection[str], codes: Mapping[str, str]
) -> list[str]:
    """Patterns of the files of a language or split that a task does not list.

    Only of files that hold one language; none for another name of a known language (``afr``).
    """
    if not _LANGUAGE.fullmatch(language) or language in set(codes.values()) - {*known}:
        return []
    names = [codes[language]] if language in codes else release_codes(language)
    own = [pattern for pattern in patterns if "{" in pattern]
    return list(
        dict.fromkeys(p.format(language=language, code=code) for p in own for code in names)
    )


def _unlisted_files(root: Path, patterns: Sequence[str], error: UserError) -> list[Path]:
    """Files of the first pattern with any match; otherwise the error, with what was tried."""
    if found := first_match(root, patterns):
        return found
    if not patterns:
        raise error
    raise UserError(
        f"{error} Languages and splits that are not in this list are read if their files exist; "
        f"none under {root}. Tried, in this order: {', '.join(patterns)}."
    )


def repository_files(
    mirror: Path, repo: str, patterns: Sequence[str], where: str, what: str
) -> list[Path]:
    """The files of a mirrored repository that match the first pattern with any match.

    Raises:
        UserError: no such folder or file; names the nearest one.
    """
    require_folder(mirror, "the mirrored repositories", where)
    root = mirror / repo
    if not root.is_dir():
        owners = (name for name, is_file in _listing(mirror).items() if not is_file)
        known = [
            f"{owner}/{name}"
            for owner in owners
            for name, is_file in _listing(mirror / owner).items()
            if not is_file
        ]
        error = unknown(f"repository of the mirror {mirror} (for {what})", repo, known, where)
        raise MissingData(str(error))
    page = f"https://huggingface.co/datasets/{repo}"
    return first_match(root, patterns) or _none_found(root, patterns, where, what, page)


def on_hub(task: Task, where: str) -> HubSource:
    """The repository of a task on the hub.

    Raises:
        MissingData: it has none.
    """
    if task.hub is None:
        raise MissingData(
            f"{where}: {task.name} is not read from the hub. Use `source: original` with its "
            f"release files ({task.homepage})."
        )
    return task.hub


def hub_languages(task: Task, split: Split) -> tuple[str, ...]:
    """The languages in which the hub has a split of a task, or of all its parts."""
    if task.parts:
        first, *others = (hub_languages(part, split) for part in task.parts)
        return tuple(code for code in first if all(code in languages for languages in others))
    if task.hub is None or split not in task.hub.files:
        return ()
    known = task.hub.languages or task.languages
    return tuple(code for code in known if split in task.splits(code))


def hub_patterns(task: Task, language: str, split: Split, where: str) -> list[str]:
    """File patterns of one (task, language, split) inside its repository, the preferred one first.

    Raises:
        MissingData: the task is not on the hub, or this split or language of it.
        UserError: the task does not list the split or language either; names the nearest.
    """
    hub = on_hub(task, where)
    known = hub_languages(task, split)
    if language not in known:
        error = unknown_language(task, language, known, where, f" ({split}) in {hub.repo}")
        if split not in hub.files:
            error = unknown(f"split of {task.name} in {hub.repo}", split, hub.files, where)
        raise MissingData(str(error)) if is_listed(task, language, split) else error
    return filled(hub.files[split], language, hub.codes)


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


def _listing(folder: Path) -> Mapping[str, bool]:
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
    for name, is_file in _listing(root).items():
        if _fits_name(name, head):
            if rest:
                yield from _matches(root / name, rest)
            elif is_file:
                yield root / name


def named(task: Task, language: str, split: str) -> str:
    """A data set as messages name it."""
    return f"{task.name} ({split}) in {language!r}"


def _none_found(root: Path, patterns: Sequence[str], where: str, what: str, page: str) -> NoReturn:
    if page:
        raise MissingData(
            f"{where}: no file of {what} under {root}. Tried, in this order: "
            f"{', '.join(patterns)}.{_nearest(root, patterns)} Put the release file there ({page})."
        )
    # a task that a study declares: its paths begin at the working directory or at the root; a
    # mistake in them is no gap
    folder = Path(patterns[0]).parent
    siblings = [(folder / name).as_posix() for name in _listing(root / folder)]
    raise UserError(
        f"{where}: no file of {what} under {(root / folder).resolve()}. Tried "
        f"{', '.join(patterns)}.{nearest(siblings, patterns)} Add the file, or correct its path in "
        "the study."
    )


def _nearest(root: Path, patterns: Sequence[str]) -> str:
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
    siblings = [name for name, is_file in _listing(folder.parent).items() if not is_file]
    close = difflib.get_close_matches(folder.name, siblings, n=1, cutoff=0.5)
    hint = f" Did you mean {folder.parent / close[0]}?" if close else ""
    raise UserError(f"{where}: no such folder: {folder}.{hint} Name the folder with {content}.")
