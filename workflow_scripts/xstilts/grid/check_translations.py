"""Validation of the translated training sets that a study names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.chains import translation_language
from xstilts.checkpoints import require_complete
from xstilts.errors import UserError, unknown
from xstilts.grid.translations import can_be_translated, translated_file
from xstilts.translation.flores import NLLB

if TYPE_CHECKING:
    from xstilts.config.load import Lines
    from xstilts.grid.coverage import Coverage
    from xstilts.tasks.base import Task


def check_translation(
    lines: Lines, coverage: Coverage, task: Task, segment: str, where: str
) -> None:
    """Raise a UserError if a translated training set is not available.

    Args:
        lines: file and line of each key of the study.
        coverage: the data sets of the study's source.
        task: the task of the training set.
        segment: its path segment, ``LANGUAGE-translated``.
        where: location of the key in the study file, for the error.
    """
    study, language = coverage.study, str(translation_language(segment))
    if language == study.source_language:
        raise UserError(
            f"{where}: {task.name}@{language}:translated: {language!r} is the source language, "
            f"nothing to translate. Write {task.name!r}."
        )
    if task.name in study.translations.files:
        file = translated_file(study, task.name, language)
        if not file.is_file():
            raise UserError(
                f"{where}: no such file of translated training data: {file} "
                f"(translations.files.{task.name})."
            )
        return
    _check_model(lines, coverage, task, language, where)


def _check_model(lines: Lines, coverage: Coverage, task: Task, language: str, where: str) -> None:
    """Raise a UserError if the study's model cannot translate a task into a language."""
    study, model = coverage.study, coverage.study.translations.model
    if not can_be_translated(task):
        kinds = {t.kind for t in study.known_tasks.values() if can_be_translated(t)}
        raise UserError(
            f"{where}: {task.name}@{language}:translated: data of kind {task.kind!r} cannot be "
            f"translated by a model, unlike {', '.join(sorted(kinds))}. Give a file under "
            "translations.files."
        )
    if model is None:
        raise UserError(
            f"{where}: {task.name}@{language}:translated needs a file (translations.files."
            f"{task.name}) or a model (translations.model). Name one in the study."
        )
    source = study.source_language
    if source not in coverage.languages(task, "train"):
        raise UserError(
            f"{where}: {task.name} has no training data in {source!r} to translate. Translate the "
            f"training task of its target stage instead: {task.train or '(none)'}."
        )
    coverage.check(task, source, "train", where)
    known = {*NLLB, *model.codes, *coverage.world_languages} - {source}
    if language not in known:
        error = unknown("language to translate into", language, known, where)
        raise UserError(f"{error} Give the model's code for it under translations.model.codes.")
    if model.path is not None:
        require_complete(Path(model.path), lines.where(("translations", "model", "path")))
