"""Files of each data set of a study: local paths, or download requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import translation_language
from xstilts.data.file_patterns import filled, first_match, nearest
from xstilts.data.release_requests import (
    release_archives,
    release_languages,
    release_requests,
)
from xstilts.data.sources import (
    hub_languages,
    hub_patterns,
    is_listed,
    mirror_files,
    on_hub,
    original_files,
    repository_files,
)
from xstilts.errors import MissingData, UserError
from xstilts.grid.source_choice import Part, declared_source, parts, recorded_sources

if TYPE_CHECKING:
    from xstilts.config.study import SourceName, Study, Text
    from xstilts.kinds import Split
    from xstilts.tasks.base import Archive, Task

WORKING_DIRECTORY = "."
"""Folder of the files of declared tasks, as of those of ``text``."""

MAIN = "main"
"""Default branch of a repository without a revision in task or study."""

Request = dict[str, Any]
"""Download request, as builtins: ``repo``, ``revision``, ``files`` (patterns, best first); or that
of a release (``xstilts.data.release_requests``)."""


def languages(study: Study, task: Task, split: Split) -> tuple[str, ...]:
    """Return the languages of a task's split in its source (except the microworld)."""
    source = declared_source(study, task)
    if source in ("hub", "mirror"):
        return hub_languages(task, split)
    if source == "url":
        return release_languages(task, split, study.versions.get(task.name))
    return tuple(code for code in task.languages if split in task.splits(code))


def local_roots(study: Study, task: Task) -> list[str]:
    """Return the folders that may have a task's data; none if they are downloaded."""
    source = declared_source(study, task)
    named_by = {name: root_of(study, task, name) for name in ("original", "mirror")}
    return [
        root for name, root in named_by.items() if root is not None and source in (name, "auto")
    ]


def root_of(study: Study, task: Task, source: str) -> str | None:
    """Return the folder of a task's data in a source; None if it is not set or has none."""
    if source == "original" and task.name in study.tasks:
        return WORKING_DIRECTORY
    return {"original": study.data_root, "mirror": study.mirror}.get(source)


def local_files(
    study: Study, task: Task, language: str, split: Split, where: str = "source"
) -> list[Path]:
    """Return the local files of a data set, part by part; none of those that are downloaded.

    Raises:
        MissingData: a file is missing, or the source lacks this data set.
        UserError: a folder does not exist, or the task does not list the language or split.
    """
    found = parts(study, task, language, split, where)
    return [file for part in found for file in files_of(study, part, language, split, where)]


def files_of(
    study: Study, part: Part, language: str, split: Split, where: str = "source"
) -> list[Path]:
    """Return the local files of one part of a data set; none if they are downloaded.

    Raises:
        UserError: as :func:`local_files`.
    """
    root = Path(str(root_of(study, part.task, part.source)))
    if part.source == "original":
        return original_files(part.task, root, language, split, where)
    if part.source == "mirror":
        return mirror_files(part.task, root, language, split, where)
    requests_of(study, part, language, split, where)
    return []


def relative_names(study: Study, part: Part, files: list[Path]) -> list[str]:
    """Return paths of files relative to ``data_root`` or their repository.

    Those of a declared task are as the study has them.
    """
    root = Path(str(root_of(study, part.task, part.source)))
    if part.source == "mirror":
        root /= on_hub(part.task, "source").repo
    return [
        (file.relative_to(root) if file.is_relative_to(root) else file).as_posix() for file in files
    ]


def release_files(study: Study, part: Part, language: str, split: Split) -> list[dict[str, Any]]:
    """Return the contribution of releases by URL to the identity of a data set."""
    return [
        {"urls": [item["url"] for item in request["archives"]], "files": request["files"]}
        for request in requests_of(study, part, language, split)
    ]


def archives(study: Study, task: Task, language: str, split: Split) -> list[Archive]:
    """Return the archives that a data set is downloaded from by URL; empty for other sources."""
    if translation_language(language) or task.kind == "mlm" or study.source == "microworld":
        return []
    try:
        on_web = [p for p in parts(study, task, language, split) if p.source == "url"]
    except UserError:
        # missing: whoever reads the data set says so
        return []
    versions = study.versions
    return [
        archive
        for part in on_web
        for archive in release_archives(part.task, language, split, versions.get(part.task.name))
    ]


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
    if text.hub and (
        study.mirror is None or _text_source(study, text.hub, pattern, language) == "hub"
    ):
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


def _text_source(study: Study, repo: str, pattern: str, language: str) -> SourceName:
    """Return the source of text of a repository, for a study with a mirror."""
    if study.source != "auto":
        return "mirror"
    recorded = recorded_sources(study, "mlm", language, "train").get(repo)
    found = first_match(Path(str(study.mirror)) / repo, [pattern])
    return "mirror" if found and recorded != "hub" else "hub"


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
    found_parts = parts(study, task, language, split)
    requested = (requests_of(study, part, language, split) for part in found_parts)
    return [request for found in requested for request in found]


def requests_of(
    study: Study, part: Part, language: str, split: Split, where: str = "source"
) -> list[Request]:
    """Return the download requests of one part of a data set; none for local files.

    Raises:
        MissingData: the source lacks this data set.
        UserError: the task does not list the language or split.
    """
    if part.source == "url":
        version = study.versions.get(part.task.name)
        try:
            return release_requests(part.task, language, split, where, version)
        except UserError as error:
            listed = is_listed(part.task, language, split)
            raise MissingData(str(error)) if listed else error from None
    if part.source != "hub":
        return []
    hub = on_hub(part.task, where)
    patterns = hub_patterns(part.task, language, split, where)
    return [_request(study, hub.repo, hub.revision, patterns)]
