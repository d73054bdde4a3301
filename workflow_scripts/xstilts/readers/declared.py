"""Readers of tasks of one's own, which a study declares by their columns.

They are the readers of shipped tasks. Which one a task needs follows from its kind, from its
columns and from the suffix of its files; an identity contains the reader's name and options, from
which a job builds it again (:func:`reader_of`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xstilts.kinds import EMBEDDING_KINDS
from xstilts.readers.bitext import read_parallel
from xstilts.readers.conllu import read_upos
from xstilts.readers.hub_choices import read_choices
from xstilts.readers.hub_parquet import (
    QUESTION_COLUMNS,
    read_pairs,
    read_questions,
    read_tags,
    read_translations,
)
from xstilts.readers.hub_table import FORMATS
from xstilts.readers.lines import plain_suffix
from xstilts.readers.sides import read_sides
from xstilts.readers.squad_json import read_squad
from xstilts.readers.tagged import read_tagged

if TYPE_CHECKING:
    from collections.abc import Callable

    from xstilts.kinds import Kind

READERS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        read_pairs,
        read_questions,
        read_squad,
        read_tags,
        read_tagged,
        read_upos,
        read_choices,
        read_translations,
        read_parallel,
        read_sides,
    )
}
"""All readers of declared tasks, by name."""

_SIDES = ("id", "side", "text", "matches")

COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "classification": ("text", "text_a", "text_b", "label"),
    "span": ("id", "context", "question", "answers", "answer", "start"),
    "tagging": ("tokens", "tags"),
    "multiple_choice": ("id", "context", "question", "choices", "label"),
    "retrieval": ("translation", *_SIDES),
    "mining": _SIDES,
    "ranking": _SIDES,
}
"""The fields of each kind, which ``columns`` maps to columns; and ``language`` for all tables."""

LANGUAGE = "language"
ENGLISH = ".eng"
CONLLU = ".conllu"


def is_conll(kind: Kind, columns: Mapping[str, Any], pattern: str) -> bool:
    """Return True if files have a tagged word per line, with numbered columns."""
    if kind != "tagging" or any(isinstance(name, str) for name in columns.values()):
        return False
    return bool(columns) or plain_suffix(PurePath(pattern)) not in {*FORMATS, CONLLU} - {".tsv"}


def is_squad(kind: Kind, columns: Mapping[str, Any], pattern: str) -> bool:
    """Return True if files are JSON in the layout of SQuAD."""
    return kind == "span" and not columns and plain_suffix(PurePath(pattern)) == ".json"


def is_parallel(kind: Kind, columns: Mapping[str, Any], pattern: str) -> bool:
    """Return True if files are two plain texts with aligned lines."""
    return kind == "retrieval" and not columns and pattern.endswith(ENGLISH)


def reader(
    kind: Kind,
    pattern: str,
    columns: Mapping[str, Any],
    *,
    labels: Sequence[str] = (),
    renamed: Mapping[str, str] = MappingProxyType({}),
    unanswerable: bool = False,
    codes: Mapping[str, str] = MappingProxyType({}),
    quoted: bool = True,
) -> partial[Any]:
    """Return the reader of a declared task, as a function of files and language.

    Args:
        kind: kind of the task.
        pattern: one of its file patterns, whose suffix decides on the format.
        columns: field of the kind (:data:`COLUMNS`) or :data:`LANGUAGE` to the name of its column,
            by default that of the field; for CoNLL, to its number or CoNLL-U name.
        labels: label names; empty if the training data define them. For multiple choice, the values
            of the label column in the order of the choices.
        renamed: values of the label column to label names.
        unanswerable: True if questions may have no answer (span).
        codes: language to its code in the files, where the two differ.
        quoted: False if quotation marks in CSV and TSV are part of the text.
    """
    named: dict[str, Any] = {"labels": tuple(labels)}
    if renamed:
        named["renamed"] = dict(renamed)
    if kind == "tagging" and plain_suffix(PurePath(pattern)) == CONLLU:
        return partial(read_upos, **named, column=columns.get("tags", "upos"))
    if is_conll(kind, columns, pattern):
        numbers = [columns.get("tokens", 1), columns.get("tags", 2)] if columns else []
        return partial(read_tagged, **named, columns=numbers)
    if is_squad(kind, columns, pattern):
        return partial(read_squad, unanswerable=unanswerable)
    if is_parallel(kind, columns, pattern):
        return partial(read_parallel)
    options: dict[str, Any] = {} if quoted else {"quoted": False}
    if LANGUAGE in columns:
        options |= {"language_column": columns[LANGUAGE], "codes": dict(codes)}

    def of(*fields: str) -> list[Any]:
        return [columns.get(field, field) for field in fields]

    if kind == "classification":
        texts = of("text_a", "text_b") if {"text_a", "text_b"} & {*columns} else [*of("text"), None]
        return partial(read_pairs, **named, columns=[*texts, *of("label")], **options)
    if kind == "span":
        answers = ("answer", "start") if {"answer", "start"} & {*columns} else ("answers",)
        fields = ("context", "question", *answers)
        found = {"id": columns.get("id")} | dict(zip(fields, of(*fields), strict=True))
        assert {*found} <= {*QUESTION_COLUMNS, "answer", "start"}
        return partial(read_questions, unanswerable=unanswerable, columns=found, **options)
    if kind == "tagging":
        return partial(read_tags, **named, columns=of("tokens", "tags"), **options)
    if kind == "multiple_choice":
        fields = ("context", "question", "id")
        given: dict[str, Any] = {field: columns.get(field) for field in fields}
        given["identifier"] = given.pop("id")
        choices, label = of("choices", "label")
        given |= {"choices": choices, "label": label, "names": list(labels)}
        return partial(read_choices, **given, **options)
    if kind in EMBEDDING_KINDS and (kind != "retrieval" or {*columns} & {*_SIDES} - {"text"}):
        return partial(read_sides, columns=dict(zip(_SIDES, of(*_SIDES), strict=True)), **options)
    return partial(read_translations, columns=of("text", "translation"), **options)


def reader_of(identity: Mapping[str, Any]) -> partial[Any]:
    """Return the reader that the identity of a data set names (``xstilts.grid.identities.data``).

    Args:
        identity: declared identity of a data set of a declared task.
    """
    options = dict(identity["source"]["read"])
    function = READERS[options.pop("reader")]
    if function in (read_pairs, read_tags, read_tagged, read_upos):
        options["labels"] = identity["labels"]
    return partial(function, **options)
