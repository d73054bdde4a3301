"""Choice of the source of each data set of a study: its own, or the first that has the examples."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.data.release_requests import release_languages
from xstilts.data.sources import (
    has_mirror_files,
    has_release_files,
    hub_languages,
    is_listed,
    named,
    unlisted_error,
)
from xstilts.errors import MissingData, UserError
from xstilts.files import read_json
from xstilts.paths import Paths

if TYPE_CHECKING:
    from xstilts.config.study import SourceName, Study
    from xstilts.kinds import Split
    from xstilts.tasks.base import Task

ORDER: tuple[SourceName, ...] = ("original", "mirror", "hub", "url")
"""Sources that ``auto`` tries, the preferred one first."""


@dataclass(frozen=True, slots=True)
class Part:
    """A task and its source: the whole of a data set, or a part of a composite one."""

    task: Task
    source: SourceName


def declared_source(study: Study, task: Task) -> SourceName:
    """Return the source that the study names for a task, possibly ``auto``.

    Files of a task that the study declares are ``original`` whatever the study's source; those of
    its repository come from the study's mirror if it has one.
    """
    own = study.tasks.get(task.name)
    if own is None or study.source == "microworld":
        return study.sources.get(task.name, study.source)
    if own.files:
        return "original"
    return "mirror" if study.mirror else "hub"


def parts(
    study: Study, task: Task, language: str, split: Split, where: str = "source"
) -> tuple[Part, ...]:
    """Return the parts of a data set with their sources; a single one if it is not composite.

    Raises:
        MissingData: as :func:`source_of`.
    """
    return tuple(
        Part(part, source_of(study, part, language, split, where, task))
        for part in task.parts or (task,)
    )


def source_of(
    study: Study,
    task: Task,
    language: str,
    split: Split,
    where: str = "source",
    whole: Task | None = None,
) -> SourceName:
    """Return the source of one (task, language, split): never ``auto``.

    The study's, or with ``auto`` the one that its examples were read from before, if it still has
    them, or the first of release files, mirror, hub and release by URL that has exactly the
    evaluated examples. Only lists local folders and reads one manifest.

    Args:
        study: the study.
        task: a task without parts.
        language: language of the study.
        split: which split.
        where: configuration key, or file and line, for the error.
        whole: the composite task of which it is a part, if any.

    Raises:
        MissingData: with ``auto``, no source has it.
        UserError: with ``auto``, a language or split that the task does not list, without files.
    """
    whole = whole or task
    named_for = task if task.name in study.sources else whole
    if (source := declared_source(study, named_for)) != "auto":
        return source
    known = recorded_sources(study, whole.name, language, split)
    # parts that are all read from release files are recorded as a whole
    recorded = [known[key] for key in (task.name, whole.name) if known.get(key) in ORDER]
    candidates = (*recorded, *ORDER)
    reasons: dict[SourceName, str] = {}
    for candidate in candidates:
        if not (reason := _lacks(study, task, candidate, language, split)):
            return candidate
        reasons[candidate] = reason
    if not is_listed(task, language, split):
        raise unlisted_error(task, language, split, where)
    restricted = f", {task.restricted}" if task.restricted else ""
    found = ", ".join(reasons[source] for source in ORDER)
    raise MissingData(
        f"{where}: no source has {named(task, language, split)}{restricted} ({found}). Put the "
        f"release files below data_root ({task.homepage}), or set `when_missing: skip` to leave "
        "out what needs them."
    )


def _lacks(study: Study, task: Task, source: SourceName, language: str, split: Split) -> str:
    """Return why a source does not have exactly the examples of a data set; empty if it has."""
    if source == "original":
        if study.data_root is None:
            return "data_root is not set"
        found = has_release_files(task, Path(study.data_root), language, split)
        return "" if found else f"no release files below {study.data_root}"
    if source == "url":
        found = language in release_languages(task, split, study.versions.get(task.name))
        return "" if found else "no download by URL"
    if source == "mirror" and study.mirror is None:
        return "mirror is not set"
    if task.hub is None:
        return f"not on the {source}"
    if task.hub.differs:
        return f"the {source} has other examples: {task.hub.differs}"
    if source == "mirror":
        found = has_mirror_files(task, Path(str(study.mirror)), language, split)
        return "" if found else f"no files below {study.mirror}/{task.hub.repo}"
    found = language in hub_languages(task, split)
    return "" if found else f"not in {task.hub.repo} on the hub"


def recorded_sources(study: Study, task: str, language: str, split: Split) -> dict[str, SourceName]:
    """Return the sources from which a data set was last read, by task or repository of text.

    From its manifest; empty if there is none, or if an earlier version has written it.
    """
    manifest = Path(Paths(f"results/{study.study}").data(task, language, split))
    try:
        modified = manifest.stat().st_mtime_ns
    except OSError:
        return {}
    return _recorded_at(manifest.absolute(), modified)


@functools.lru_cache(maxsize=4096)
def _recorded_at(manifest: Path, modified: int) -> dict[str, SourceName]:
    """The sources in a manifest as it was at its modification time, which is part of the key."""
    try:
        return dict(read_json(manifest)["facts"].get("sources", {}))
    except (UserError, KeyError, TypeError):
        # damaged: whoever reads the data set says so
        return {}
