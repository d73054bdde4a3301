"""Files of each data set of a study: local paths, or download requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from xstilts.tasks.base import Task

WORKING_DIRECTORY = "."
"""Folder of the files of declared tasks, as of those of ``text``."""

MAIN = "main"
"""Default branch of a repository without a revision in task or study."""

Request = dict[str, Any]
"""Download request, as builtins: ``repo``, ``revision``, ``files`` (patterns, best first)."""


def declared_source(study: Study, task: Task) -> str:
    """Return the source of a task: the study's, or, for a task that it declares, its own.

    Files of a declared task are ``original`` whatever the study's source; those of its repository
    come from the study's mirror if it has one.
    """
    own = study.tasks.get(task.name)
    if own is None or study.source == "microworld":
        return study.source
    if own.files:
        return "original"
    return "mirror" if study.mirror else "hub"


def local_root(study: Study, task: Task) -> str | None:
    """Return the folder of a task's data; None if it is not set or they are downloaded."""
    source = declared_source(study, task)
    if source == "original" and task.name in study.tasks:
        return WORKING_DIRECTORY
    return {"original": study.data_root, "mirror": study.mirror}.get(source)


def languages(study: Study, task: Task, split: Split) -> tuple[str, ...]:
    """Return the languages of a task's split in its source (except the microworld)."""
    if declared_source(study, task) == "original":
        return tuple(code for code in task.languages if split in task.splits(code))
    return hub_languages(task, split)


def local_files(
    study: Study, task: Task, language: str, split: Split, where: str = "source"
) -> list[Path]:
    """Return the local files of a data set; empty if it is downloaded.

    Raises:
        UserError: a file or folder is missing, or the source lacks this data set.
    """
    source, root = declared_source(study, task), Path(str(local_root(study, task)))
    if source == "original":
        return original_files(task, root, language, split, where)
    if source == "mirror":
        return mirror_files(task, root, language, split, where)
    hub_patterns(task, language, split, where)
    return []


def relative_names(study: Study, task: Task, files: list[Path]) -> list[str]:
    """Return paths of files relative to ``data_root`` or their repository.

    Those of a declared task are as the study has them.
    """
    root = Path(str(local_root(study, task)))
    if declared_source(study, task) == "mirror":
        root /= on_hub(task, "source").repo
    return [
        (file.relative_to(root) if file.is_relative_to(root) else file).as_posix() for file in files
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
    if declared_source(study, task) != "hub":
        return []
    hub = on_hub(task, "source")
    patterns = hub_patterns(task, language, split, "source")
    return [_request(study, hub.repo, hub.revision, patterns)]
