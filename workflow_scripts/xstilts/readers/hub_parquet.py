"""Readers of tables, such as the hub's Parquet files: from their columns to the schema of a kind.

Tasks set column and label names with ``functools.partial``, or a study does for a task of one's own
(``xstilts.readers.declared``). All readers take files, read one after the other, and a language.
"""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Unpack

from xstilts.errors import UserError
from xstilts.readers.bitext import english_queries
from xstilts.readers.conllu import tidy_tokens
from xstilts.readers.hub_table import FileOptions, rows_of
from xstilts.readers.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

LOGGER = logging.getLogger(__name__)

QUESTION_COLUMNS: Mapping[str, str | None] = MappingProxyType(
    {name: name for name in ("id", "context", "question", "answers")}
)
"""SQuAD's columns on the hub."""

_STRIPPED = 16
"""Maximum number of spaces that may have been stripped from the beginning of a context."""


def read_pairs(
    paths: Sequence[Path],
    language: str,
    *,
    labels: Sequence[str],
    names: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
    columns: Sequence[str | None] = ("premise", "hypothesis", "label"),
    **options: Unpack[FileOptions],
) -> Iterator[Row]:
    """Yield labelled texts, or pairs of texts.

    Args:
        paths: tables.
        language: the language to keep where a file holds several.
        labels: the label names of the task; empty if the data define them.
        names: the hub's label names in the hub's order, for files without them.
        renamed: maps labels on the hub to labels of the task.
        columns: columns of the two texts and of the label; None instead of the second text for a
            task with one.
        options: :class:`xstilts.readers.hub_table.FileOptions`.

    Yields:
        Rows in the schema "classification"; a row's id is its index among those of its language,
        rows without label included.

    Raises:
        UserError: a damaged file, a missing column, an unknown label, no row with a label.
    """
    text_a, text_b, label = columns
    assert text_a is not None
    assert label is not None
    named: dict[Path, Labels] = {}
    index, labelled = 0, 0
    wanted = [column for column in columns if column is not None]
    for table, where, row in rows_of(paths, language, wanted, **options):
        if table.path not in named:
            named[table.path] = Labels(table, label, labels, names, renamed)
        found = named[table.path](row[label], where)
        if found is not None:
            texts: Row = {"text_a": _text(row, text_a, where)}
            texts["text_b"] = None if text_b is None else _text(row, text_b, where)
            yield {"id": str(index), **texts, "label": found}
            labelled += 1
        index += 1
    if not labelled:
        raise _nothing(paths, f"no labelled row in {language!r} among {index}")
    if labelled < index:
        LOGGER.info("%d of %d rows in %r have no label", index - labelled, index, language)


def read_questions(
    paths: Sequence[Path],
    language: str,
    *,
    unanswerable: bool = False,
    stripped: bool = False,
    id_prefix: Mapping[str, str] | None = None,
    columns: Mapping[str, str | None] = QUESTION_COLUMNS,
    **options: Unpack[FileOptions],
) -> Iterator[Row]:
    """Yield questions with the spans that answer them, from the columns of SQuAD on the hub.

    Args:
        paths: tables.
        language: the language to keep where a file holds several.
        unanswerable: True if questions without any answer are part of the task.
        stripped: True if the repository lost spaces at the beginning of contexts, which its
            offsets still count; the offsets are corrected.
        id_prefix: prefix of the questions' ids by language, if a file holds several languages.
        columns: the columns ``id`` (None for running numbers), ``context``, ``question`` and
            ``answers``; or, for one answer per question, ``answer`` (its text) and ``start`` (its
            offset in the context, in code points) instead of ``answers``.
        options: :class:`xstilts.readers.hub_table.FileOptions`.

    Yields:
        Rows in the schema "span".

    Raises:
        UserError: a damaged file, a missing column, an answer that is not at its offset, an id
            that occurs twice, no question in the language.
    """
    seen: set[str] = set()
    prefix = id_prefix[language] if id_prefix else ""
    wanted = [column for column in columns.values() if column]
    id_column, context_column = columns.get("id"), str(columns["context"])
    for _, where, row in rows_of(paths, language, wanted, **options):
        identifier = str(row[id_column]) if id_column else str(len(seen))
        if not identifier.startswith(prefix):
            continue
        where = f"{where} (id {identifier!r})"
        if identifier in seen:
            raise UserError(f"{where}: an earlier question has the same id.")
        seen.add(identifier)
        answers = _answers(row, columns, where)
        context = _text(row, context_column, where)
        if not answers and not unanswerable:
            raise UserError(f"{where}: no answer, which is not part of this task.")
        yield {
            "id": identifier,
            "context": context,
            "question": _text(row, str(columns["question"]), where),
            "answers": _located(context, answers, _STRIPPED if stripped else 0, where),
        }
    if not seen:
        raise _nothing(paths, f"no question in {language!r}")


def read_tags(
    paths: Sequence[Path],
    language: str,
    *,
    labels: Sequence[str],
    names: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
    columns: Sequence[str] = ("tokens", "ner_tags"),
    tidy: bool = False,
    **options: Unpack[FileOptions],
) -> Iterator[Row]:
    """Yield sentences with a tag per token.

    Args:
        paths: tables.
        language: the language to keep where a file holds several.
        labels: the label names of the task; empty if the data define them.
        names: the hub's tag names in the hub's order, for files without them.
        renamed: maps tags on the hub to tags of the task.
        columns: columns of the tokens and of the tags: lists, or texts with spaces in between.
        tidy: True to clean tokens and drop sentences as XTREME does for part-of-speech tagging.
        options: :class:`xstilts.readers.hub_table.FileOptions`.

    Yields:
        Rows in the schema "tagging"; a row's id is its index.

    Raises:
        UserError: a damaged file, a missing column, a sentence with different numbers of
            tokens and tags, an unknown tag, no sentence.
    """
    tokens_column, tags_column = columns
    named: dict[Path, Labels] = {}
    index = 0
    for table, where, row in rows_of(paths, language, columns, **options):
        if table.path not in named:
            named[table.path] = Labels(table, tags_column, labels, names, renamed)
        tokens = [str(token) for token in _listed(row[tokens_column])]
        found = [named[table.path](tag, where) for tag in _listed(row[tags_column])]
        if len(tokens) != len(found) or None in found:
            raise UserError(
                f"{where}: {len(tokens)} tokens and {len(found) - found.count(None)} tags; each "
                "needs one."
            )
        kept = tidy_tokens(tokens) if tidy else tokens
        if kept:
            yield {"id": str(index), "tokens": kept, "tags": found}
        index += 1
    if not index:
        raise _nothing(paths, f"no sentence in {language!r}")


def read_translations(
    paths: Sequence[Path],
    language: str,
    *,
    columns: Sequence[str] = ("source_sentence", "target_sentence"),
    **options: Unpack[FileOptions],
) -> Iterator[Row]:
    """Yield foreign candidates in the order of the file, then English queries in sorted order.

    Args:
        paths: tables.
        language: the language to keep where a file holds several.
        columns: columns of the foreign and of the English sentence.
        options: :class:`xstilts.readers.hub_table.FileOptions`.

    Yields:
        Rows in the schema "retrieval", as :func:`xstilts.readers.bitext.read_parallel` does.

    Raises:
        UserError: a damaged file, a missing column, an empty sentence, no rows.
    """
    sides: tuple[list[str], list[str]] = ([], [])
    for _, where, row in rows_of(paths, language, columns, **options):
        for side, column in zip(sides, columns, strict=True):
            # the repository keeps the line ends of the original files
            text = _text(row, column, where).strip()
            if not text:
                raise UserError(f"{where}: {column!r} is empty.")
            side.append(text)
    foreign, english = sides
    if not foreign:
        raise _nothing(paths, f"no sentence in {language!r}")
    return english_queries(foreign, english)


def _text(row: Mapping[str, Any], column: str, where: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise UserError(f"{where}: {column!r} is {value!r:.80}, not text.")
    return value


def _listed(value: Any) -> list[Any]:
    """The items of a list, or of a text with spaces in between."""
    return value.split() if isinstance(value, str) else list(value or ())


def _nothing(paths: Sequence[Path], what: str) -> UserError:
    files = ", ".join(map(str, paths)) or "(no file)"
    return UserError(f"{files}: {what}. Some test sets are published without labels.")


def _answers(
    row: Mapping[str, Any], columns: Mapping[str, str | None], where: str
) -> list[tuple[str, int]]:
    """(text, offset) of each answer: a struct of lists, a list of structs, or two columns."""
    if (column := columns.get("answer")) is not None:
        text, start = row[column], row[str(columns["start"])]
        if not text:
            return []
        if not str(start).isdecimal():
            raise UserError(f"{where}: the answer starts at {start!r:.80}, not at a number.")
        return [(str(text), int(start))]
    value = row[str(columns["answers"])]
    if isinstance(value, dict):
        texts, starts = value.get("text") or [], value.get("answer_start") or []
        if len(texts) == len(starts):
            return list(zip(texts, starts, strict=True))
    elif isinstance(value, list) and all({"text", "answer_start"} <= set(item) for item in value):
        return [(item["text"], item["answer_start"]) for item in value]
    raise UserError(f"{where}: answers are {value!r:.80}, not pairs of text and answer_start.")


def _located(
    context: str, answers: Sequence[tuple[str, int]], most: int, where: str
) -> list[dict[str, Any]]:
    """Answers at their actual offsets, at most ``most`` before the given ones.

    All answers of a question are moved by the same number of spaces.
    """
    for moved in range(most + 1):
        found = [(text, start - moved) for text, start in answers]
        if all(text and start >= 0 and context.startswith(text, start) for text, start in found):
            return [{"text": text, "start": start} for text, start in found]
    text, start = answers[0]
    actual = context[max(start, 0) : max(start, 0) + len(text)]
    raise UserError(
        f"{where}: the context has {actual!r} at answer_start {start}, not the answer {text!r}. "
        "Offsets count code points; pin another revision, or use the original release."
    )
