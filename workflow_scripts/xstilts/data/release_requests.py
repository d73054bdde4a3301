"""Download requests for official releases: which addresses hold the files of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.data.file_patterns import filled
from xstilts.errors import UserError, unknown

if TYPE_CHECKING:
    from xstilts.kinds import Split
    from xstilts.tasks.base import Archive, Release, Task

Request = dict[str, Any]
"""Download request, as builtins: ``archives`` (:func:`_declared`) and ``files``, the patterns among
their files, best first."""


def release_of(task: Task, where: str, version: str | None = None) -> Release:
    """Return the release of a task.

    Args:
        task: a task without parts.
        where: configuration key, for the error.
        version: one of its versions; None for its own.

    Raises:
        UserError: it has none that can be downloaded, or not in this version.
    """
    if task.release is None:
        reason = f" ({task.restricted})" if task.restricted else ""
        raise UserError(
            f"{where}: {task.name} is not downloaded by URL{reason}. Use `source: original` with "
            f"its release files ({task.homepage})."
        )
    known = {item.version: item for item in (task.release, *task.release.versions)}
    if version is not None and version not in known:
        raise unknown(f"version of {task.name}", version, known, where)
    return task.release if version is None else known[version]


def release_languages(task: Task, split: Split, version: str | None = None) -> tuple[str, ...]:
    """Return the languages in which the release of a task has a split; empty without a release."""
    if task.parts:
        of_parts = [set(release_languages(part, split)) for part in task.parts]
        return tuple(code for code in task.languages if all(code in found for found in of_parts))
    if task.release is None:
        return ()
    release = release_of(task, "versions", version)
    return tuple(
        code
        for code in release.languages or task.languages
        if split in task.splits(code) and _archives(release, code, split)
    )


def _archives(release: Release, language: str, split: Split) -> list[Archive]:
    found = release.files.get(split, ())
    return [archive for archive in found if language in (archive.languages or (language,))]


def release_archives(
    task: Task, language: str, split: Split, version: str | None = None
) -> list[Archive]:
    """Return the archives of one (task, language, split), those of parts included; empty if none.

    Args:
        task: a task, which may consist of parts.
        language: language of the study.
        split: which split.
        version: version of the release; None for the task's own.
    """
    if task.parts:
        return [item for part in task.parts for item in release_archives(part, language, split)]
    if task.release is None:
        return []
    return _archives(release_of(task, "versions", version), language, split)


def release_requests(
    task: Task, language: str, split: Split, where: str, version: str | None = None
) -> list[Request]:
    """Return the download requests of one (task, language, split): one, or one per part.

    Args:
        task: a task, which may consist of parts.
        language: language of the study.
        split: which split.
        where: configuration key, for the error.
        version: version of the release; None for the task's own.

    Raises:
        UserError: the task, split or language has no release; names the nearest.
    """
    if task.parts:
        parts = (release_requests(part, language, split, where) for part in task.parts)
        return [request for requests in parts for request in requests]
    release = release_of(task, where, version)
    if split not in release.files and release.lacks:
        raise UserError(
            f"{where}: {task.name} ({split}) is not downloaded by URL: {release.lacks} "
            f"({task.homepage}). Then use `source: original`."
        )
    if split not in release.files:
        raise unknown(f"split of the release of {task.name}", split, release.files, where)
    known = release_languages(task, split, version)
    if language not in known:
        raise unknown(f"language of the release of {task.name} ({split})", language, known, where)
    return [
        {
            "archives": [
                _declared(archive, language, task.codes.get(language, language))
                for archive in _archives(release, language, split)
            ],
            "files": filled(task.files[split], language, task.codes),
        }
    ]


def _declared(archive: Archive, language: str, code: str) -> dict[str, Any]:
    """Return an archive as builtins, with the language filled in."""
    url, into = (text.format(language=language, code=code) for text in (archive.url, archive.into))
    return {
        "url": url,
        "into": into,
        "members": list(archive.members),
        "strip": archive.strip,
        "sha256": archive.sha256,
        "size": archive.size,
    }
