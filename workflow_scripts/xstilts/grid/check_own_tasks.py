"""Validation of the tasks that a study declares, before any of them is used."""

from __future__ import annotations

import re
from pathlib import PurePath
from string import Formatter
from typing import TYPE_CHECKING

from xstilts.chains import TARGET
from xstilts.config.own_task import METRICS, UNTRAINED, SplitFiles
from xstilts.errors import UserError, unknown
from xstilts.kinds import EMBEDDING_KINDS
from xstilts.readers.conllu import COLUMNS as CONLLU_COLUMNS
from xstilts.readers.declared import (
    COLUMNS,
    CONLLU,
    LANGUAGE,
    is_conll,
    is_parallel,
    is_squad,
)
from xstilts.readers.hub_table import FORMATS
from xstilts.readers.lines import plain_suffix
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from xstilts.config.load import KeyPath, Lines
    from xstilts.config.own_task import OwnTask
    from xstilts.config.study import Study

_NAME = re.compile("[a-z][a-z0-9_]*")
_RESERVED = (TARGET, UNTRAINED, "all")
_FIELDS = ("language", "code")
_LABELLED = ("classification", "tagging", "multiple_choice")


def check_own_tasks(study: Study, lines: Lines) -> None:
    """Raise a UserError for the first mistake in the declaration of a task.

    Args:
        study: the study.
        lines: file and line of each key.
    """
    for name, own in study.tasks.items():
        key_path: KeyPath = ("tasks", name)
        _check_name(name, lines.where(key_path))
        _check_files(own, lines, key_path)
        _check_columns(own, lines, key_path)
        _check_labels(own, lines, key_path)
        _check_languages(own, lines, key_path)
        if own.metric is not None and own.metric not in METRICS[own.kind]:
            where = lines.where((*key_path, "metric"))
            raise unknown(f"metric of {own.kind} tasks", own.metric, METRICS[own.kind], where)
        _check_train(study, own, lines, key_path)


def _check_name(name: str, where: str) -> None:
    if name in TASKS:
        raise UserError(f"{where}: {name!r} is a shipped task. Choose another name.")
    if name in _RESERVED or not _NAME.fullmatch(name):
        raise UserError(
            f"{where}: {name!r} cannot be the name of a task. Choose another one, of lower-case "
            "letters, digits and underscores."
        )


def _check_files(own: OwnTask, lines: Lines, key_path: KeyPath) -> None:
    """Raise a UserError for an unknown placeholder or format, or formats that differ."""
    at = (*key_path, "hub", "files") if own.hub else (*key_path, "files")
    formats = set()
    for split, pattern in own.patterns.items():
        where = lines.where((*at, split))
        try:
            names = [field for _, field, _, _ in Formatter().parse(pattern) if field is not None]
        except ValueError as error:
            raise UserError(f"{where}: {pattern!r} is not a path: {error}.") from None
        for name in names:
            if name not in _FIELDS:
                raise unknown("placeholder", name, _FIELDS, where)
        suffix = plain_suffix(PurePath(pattern))
        special = is_conll(own.kind, own.columns, pattern) or is_parallel(
            own.kind, own.columns, pattern
        )
        if suffix == CONLLU and own.kind == "tagging":
            formats.add("CoNLL-U")
        elif special or is_squad(own.kind, own.columns, pattern):
            formats.add("lines" if special else "SQuAD's JSON")
        elif suffix in FORMATS:
            formats.add("tables")
        else:
            raise unknown("format of tables", suffix or pattern, FORMATS, where)
    if len(formats) > 1:
        raise UserError(
            f"{lines.where(at)}: the splits have different formats ({', '.join(sorted(formats))}). "
            "Convert the files of one, or declare two tasks of which one names the other with "
            "`train`."
        )


def _check_columns(own: OwnTask, lines: Lines, key_path: KeyPath) -> None:
    """Raise a UserError for an unknown field, or a column that the format cannot have."""
    known = (*COLUMNS[own.kind], LANGUAGE)
    for field in own.columns:
        if field not in known:
            where = lines.where((*key_path, "columns", field))
            raise unknown(f"field of {own.kind} tasks", field, known, where)
    where = lines.where((*key_path, "columns"))
    pattern = next(iter(own.patterns.values()))
    numbered = is_conll(own.kind, own.columns, pattern)
    for field, column in own.columns.items():
        at = lines.where((*key_path, "columns", field))
        if isinstance(column, int) and (not numbered or column < 1):
            raise UserError(f"{at}: {column} is not the name of a column.")
        if isinstance(column, list) and field != "choices":
            raise UserError(f"{at}: only the choices of a question may have several columns.")
    if own.kind == "tagging" and plain_suffix(PurePath(pattern)) == CONLLU:
        for field, column in own.columns.items():
            at = lines.where((*key_path, "columns", field))
            if field == LANGUAGE or column not in CONLLU_COLUMNS:
                raise unknown("column of CoNLL-U", column, CONLLU_COLUMNS, at)
        return
    if {"text"} & {*own.columns} and {"text_a", "text_b"} & {*own.columns}:
        raise UserError(f"{where}: text is for tasks with one text, text_a and text_b for two.")
    if "answers" in own.columns and {"answer", "start"} & {*own.columns}:
        raise UserError(f"{where}: give answers, or answer and start.")
    if own.kind == "multiple_choice" and not {"context", "question"} & {*own.columns}:
        raise UserError(
            f"{where}: name the column of the context or of the question: "
            "`columns: {question: COLUMN}`."
        )


def _check_labels(own: OwnTask, lines: Lines, key_path: KeyPath) -> None:
    where = lines.where((*key_path, "labels"))
    if own.labels and own.kind not in _LABELLED:
        raise UserError(f"{where}: {own.kind} tasks have no labels. Remove the key.")
    if own.unanswerable and own.kind != "span":
        at = lines.where((*key_path, "unanswerable"))
        raise UserError(f"{at}: only for kind span. Remove the key.")
    if isinstance(own.labels, list) and len(own.label_names) < len(own.labels):
        raise UserError(f"{where}: a label is named twice. Remove one.")
    if own.kind != "multiple_choice":
        return
    choices = own.columns.get("choices")
    if isinstance(own.labels, dict) or not (own.labels or isinstance(choices, list)):
        raise UserError(
            f"{where}: list the values of the label column in the order of the choices, such as "
            "[A, B, C, D] or [0, 1]."
        )
    if isinstance(choices, list) and own.labels and len(own.labels) != len(choices):
        raise UserError(f"{where}: {len(own.labels)} labels for {len(choices)} choices.")


def _check_languages(own: OwnTask, lines: Lines, key_path: KeyPath) -> None:
    """Raise a UserError for a language named twice, or files that do not tell languages apart."""
    where = lines.where((*key_path, "languages"))
    for index, language in enumerate(own.languages):
        if language in own.languages[:index]:
            raise UserError(f"{where}: {language!r} is named twice. Remove one.")
    for language in own.codes:
        if language not in own.languages:
            here = lines.where((*key_path, "codes", language))
            raise unknown("language of this task", language, own.languages, here)
    at = (*key_path, "hub", "files") if own.hub else (*key_path, "files")
    for split, files in own.split_files.items():
        pattern = own.patterns[split]
        named = files.languages if isinstance(files, SplitFiles) else own.languages
        for language in named:
            if language not in own.languages:
                here = lines.where((*at, split, "languages"))
                raise unknown("language of this task", language, own.languages, here)
        if len(named) > 1 and "{" not in pattern and LANGUAGE not in own.columns:
            raise UserError(
                f"{lines.where((*at, split))}: {pattern!r} is the same file for all of "
                f"{', '.join(named)}. Put {{language}} into the path, name the column with the "
                "language (`columns: {language: COLUMN}`), or name the languages that have this "
                f"split: `{split}: {{path: {pattern}, languages: [{named[0]}]}}`."
            )


def _check_train(study: Study, own: OwnTask, lines: Lines, key_path: KeyPath) -> None:
    where = lines.where((*key_path, "train"))
    known = [*TASKS, *study.tasks]
    if own.train not in (None, UNTRAINED, *known):
        raise unknown("task", own.train, [*known, UNTRAINED], where)
    if own.train is None and "train" not in own.patterns and own.kind not in EMBEDDING_KINDS:
        raise UserError(
            f"{where}: {own.kind} tasks need a trained head, and this one has no training set. "
            "Name a split `train` under files, or the task to train on: `train: TASK`."
        )
