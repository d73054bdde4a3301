"""Finds the files of a data set: original release files, or a mirror of the hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from xstilts.data.file_patterns import (
    filled,
    first_match,
    listing,
    nearest,
    nearest_below,
    require_folder,
)
from xstilts.data.language_names import unknown_language
from xstilts.errors import MissingData, UserError, unknown
from xstilts.iso639 import release_codes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from xstilts.kinds import Split
    from xstilts.tasks.base import HubSource, Task

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
        owners = (name for name, is_file in listing(mirror).items() if not is_file)
        known = [
            f"{owner}/{name}"
            for owner in owners
            for name, is_file in listing(mirror / owner).items()
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


def named(task: Task, language: str, split: str) -> str:
    """A data set as messages name it."""
    return f"{task.name} ({split}) in {language!r}"


def _none_found(root: Path, patterns: Sequence[str], where: str, what: str, page: str) -> NoReturn:
    if page:
        near = nearest_below(root, patterns)
        raise MissingData(
            f"{where}: no file of {what} under {root}. Tried, in this order: "
            f"{', '.join(patterns)}.{near} Put the release file there ({page})."
        )
    # a task that a study declares: its paths begin at the working directory or at the root; a
    # mistake in them is no gap
    folder = Path(patterns[0]).parent
    siblings = [(folder / name).as_posix() for name in listing(root / folder)]
    raise UserError(
        f"{where}: no file of {what} under {(root / folder).resolve()}. Tried "
        f"{', '.join(patterns)}.{nearest(siblings, patterns)} Add the file, or correct its path in "
        "the study."
    )
