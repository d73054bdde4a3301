"""Translated training sets: supported tasks, identities and input files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import translation_language
from xstilts.checkpoints import checkpoint_files
from xstilts.features import names_of
from xstilts.fingerprint import fingerprint
from xstilts.translation.flores import NLLB

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xstilts.chains import Member
    from xstilts.config.study import Study
    from xstilts.paths import Paths
    from xstilts.tasks.base import Task


def can_be_translated(task: Task) -> bool:
    """True if a model can translate this kind of task: a module exists for it."""
    return task.kind in names_of("translation")


def is_model_made(study: Study, member: Member) -> bool:
    """True if the study's model translates this training set; False if it is read from files."""
    return translation_language(member.language) is not None and (
        member.task not in study.translations.files
    )


def model_made(study: Study, members: Iterable[Member]) -> list[Member]:
    """Return the training sets that the study's model translates."""
    return [member for member in members if is_model_made(study, member)]


def _file_name(study: Study, task: str, language: str) -> str:
    """Return the name of the user's file for the identity, independent of ``data_root``."""
    pattern = study.translations.files[task]
    return pattern.replace("{language}", language).replace("{task}", task)


def translated_file(study: Study, task: str, language: str) -> Path:
    """Return the user's file of a translated training set."""
    name = _file_name(study, task, language)
    return Path(name.replace("{data_root}", str(study.data_root)))


def data_identity(study: Study, task: Task, segment: str) -> dict[str, Any]:
    """Return the identity of a translated training set: its file, or the model's settings."""
    language = str(translation_language(segment))
    identity: dict[str, Any] = {
        "task": task.name,
        "language": language,
        "split": "train",
        "kind": task.kind,
        "labels": list(task.labels),
    }
    if task.name in study.translations.files:
        identity["source"] = {"translated_file": _file_name(study, task.name, language)}
        return identity
    model = study.translations.model
    assert model is not None, task.name
    settings = model.model_dump(exclude={"codes"})
    codes = NLLB | model.codes
    identity["source"] = {
        "translation_from": study.source_language,
        "model": {key: settings.pop(key) for key in ("hub", "path", "revision")},
        "codes": {code: codes.get(code) for code in (study.source_language, language)},
        **settings,
    }
    identity["code"] = fingerprint(["data", "translation", f"translation/{task.kind}"])
    return identity


def data_files(study: Study, paths: Paths, task: str, segment: str) -> list[str]:
    """Return the inputs of a translated set: its file, or the source's manifest and the model.

    A model on the Hub has no files until the job runs; its revision identifies them.
    """
    if task in study.translations.files:
        language = str(translation_language(segment))
        return [translated_file(study, task, language).as_posix()]
    model = study.translations.model
    assert model is not None, task
    folder = Path(model.path) if model.path is not None else None
    found = checkpoint_files(folder) if folder else []
    return [
        paths.data(task, study.source_language, "train"),
        *(file.as_posix() for file in found),
    ]
