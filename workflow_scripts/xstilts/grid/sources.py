"""Files of each data set of a study: local paths, or download requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.data.release_requests import (
    release_archives,
    release_languages,
    release_requests,
)
from xstilts.data.sources import (
    filled,
    first_match,
    hub_languages,
    hub_patterns,
    mirror_files,
    nearest,
    on_hub,
    original_files,
    repository_files,
)
from xstilts.errors import UserError

if TYPE_CHECKING:
    from xstilts.config.study import Study, Text
    from xstilts.kinds import Split
    from xstilts.tasks.base import Archive, Task

MAIN = "main"
"""Default branch of a repository without a revision in task or study."""

Request = dict[str, Any]
"""Download request, as builtins: ``repo``, ``revision``, ``files`` (patterns, best first); or that
of a release (``xstilts.data.release_requests``)."""


def languages(study: Study, task: Task, split: Split) -> tuple[str, ...]:
    """Return the languages of a task's split in the study's source (except the microworld)."""
    if study.source == "original":
        return tuple(code for code in task.languages if split in task.splits(code))
    if study.source == "url":
        return release_languages(task, split, study.versions.get(task.name))
    return hub_languages(task, split)


def local_root(study: Study) -> str | None:
    """Return the folder of the study's data; None if it is not set or they are downloaded."""
    return {"original": study.data_root, "mirror": study.mirror}.get(study.source)


def local_files(
    study: Study, task: Task, language: str, split: Split, where: str = "source"
) -> list[Path]:
    """Return the local files of a data set; empty if it is downloaded.

    Raises:
        UserError: a file or folder is missing, or the source lacks this data set.
    """
    if study.source == "original":
        return original_files(task, Path(str(study.data_root)), language, split, where)
    if study.source == "mirror":
        return mirror_files(task, Path(str(study.mirror)), language, split, where)
    _downloads(study, task, language, split, where)
    return []


def relative_names(study: Study, task: Task, files: list[Path]) -> list[str]:
    """Return paths of files relative to ``data_root`` or their repository."""
    root = Path(str(study.data_root))
    if study.source == "mirror":
        root = Path(str(study.mirror)) / on_hub(task, "source").repo
    return [file.relative_to(root).as_posix() for file in files]


def release_files(study: Study, task: Task, language: str, split: Split) -> list[dict[str, Any]]:
    """Return the contribution of releases by URL to the identity of a data set."""
    return [
        {"urls": [item["url"] for item in request["archives"]], "files": request["files"]}
        for request in _downloads(study, task, language, split, "source")
    ]


def archives(study: Study, task: Task, language: str, split: Split) -> list[Archive]:
    """Return the archives that a data set is downloaded from by URL; empty for other sources."""
    if study.source != "url":
        return []
    return release_archives(task, language, split, study.versions.get(task.name))


@dataclass(frozen=True, slots=True)
class TextFiles:
    """The files of one ``text`` entry in one language."""

    files: tuple[str, ...]
    """Local files; empty if they are downloaded."""
    request: Request | None
    """Download request; None for local files."""
    declared: str | dict[str, Any]
    """Contribution to the data set's identity."""


def text_files(study: Study, text: Text, language: str, where: str = "text") -> TextFiles:
    """Return the files of a ``text`` entry.

    Raises:
        UserError: no such file; the message suggests the nearest name.
    """
    [pattern] = filled([str(text.files)], language, {})
    options = {"column": text.column, "limit": text.limit}
    if text.hub and study.mirror is None:
        request = _request(study, text.hub, MAIN, [pattern])
        return TextFiles((), request, request | options)
    if text.hub:
        mirror, what = Path(str(study.mirror)), f"text in {language!r}"
        found = repository_files(mirror, text.hub, [pattern], where, what)
    else:
        found = _plain_files(pattern, where)
    files = tuple(file.as_posix() for file in found)
    if files == (pattern,) and not text.limit and not pattern.endswith(".parquet"):
        return TextFiles(files, None, pattern)
    return TextFiles(files, None, {"files": list(files)} | options)


def _plain_files(pattern: str, where: str) -> list[Path]:
    root = Path(Path(pattern).anchor)
    relative = Path(pattern).relative_to(root).as_posix()
    if found := first_match(root, [relative]):
        return found
    folder = Path(pattern).parent
    siblings = [file.as_posix() for file in folder.iterdir()] if folder.is_dir() else []
    raise UserError(
        f"{where}: no such text file: {pattern}.{nearest(siblings, [pattern])} Add the file or "
        "correct the key `files`."
    )


def _request(study: Study, repo: str, revision: str, patterns: list[str]) -> Request:
    return {"repo": repo, "revision": study.revisions.get(repo, revision), "files": patterns}


def text_entries(study: Study, task: str, language: str) -> list[Text]:
    """Return the study's ``text`` entries for a task (mlm or tlm) and language."""
    wanted = {language} if task == "mlm" else {language, study.source_language}
    return [
        text
        for text in study.text
        if wanted <= set(text.languages) and (task == "mlm" or text.pairs)
    ]


def requests(study: Study, task: Task, language: str, split: Split) -> list[Request]:
    """Return the download requests of a data set; for text, one per ``text`` entry on the Hub."""
    if task.kind == "mlm":
        found: list[TextFiles] = []
        for text in text_entries(study, task.name, language):
            files = text_files(study, text, language) if text.files else None
            found += [files] if files and files not in found else []
        return [files.request for files in found if files.request]
    return _downloads(study, task, language, split, "source")


def _downloads(study: Study, task: Task, language: str, split: Split, where: str) -> list[Request]:
    """Return the download requests of a data set that is not text; none for other sources."""
    if study.source == "url":
        return release_requests(task, language, split, where, study.versions.get(task.name))
    if study.source != "hub":
        return []
    hub = on_hub(task, where)
    patterns = hub_patterns(task, language, split, where)
    return [_request(study, hub.repo, hub.revision, patterns)]
