"""Readers of the hub's Parquet files: from the columns of a repository to the schema of a kind.

Tasks set column and label names with ``functools.partial``. All readers take files, read one after
the other, and a language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.readers.bitext import english_queries
from xstilts.readers.conllu import tidy_tokens
from xstilts.readers.hub_table import Labels, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_STRIPPED = 16
"""Maximum number of spaces that may have been stripped from the beginning of a context."""


def read_pairs(
    paths: Sequence[Path],
    language: str,
    *,
    labels: Sequence[str],
    names: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
    columns: tuple[str, str, str] = ("premise", "hypothesis", "label"),
    language_column: str | None = None,
) -> Iterator[Row]:
    """Yield labelled pairs of texts.

    Args:
        paths: Parquet files.
        language: the language to keep where a file holds several.
        labels: the label names of the task.
        names: the hub's label names in the hub's order, for files without them.
        renamed: maps labels on the hub to labels of the task.
        columns: columns of the two texts and of the label.
        language_column: column with the language, if a file holds several.

    Yields:
        Rows in the schema "classification"; a row's id is its index among those of its language,
        rows without label included.

    Raises:
        UserError: not a Parquet file, a missing column, an unknown label, no row with a label.
    """
    text_a, text_b, label = columns
    wanted = [*columns, language_column] if language_column else list(columns)
    index, labelled = 0, 0
    for path in paths:
        with Table(path) as table:
            named = Labels(table, label, labels, names, renamed)
            for number, row in enumerate(table.rows(wanted)):
                if language_column and row[language_column] != language:
                    continue
                found = named(row[label], number)
                if found is not None:
                    texts = {"text_a": _text(row, text_a, path, number)}
                    texts["text_b"] = _text(row, text_b, path, number)
                    yield {"id": str(index), **texts, "label": found}
                    labelled += 1
                index += 1
    if not labelled:
        raise _nothing(paths, f"no labelled row in {language!r} among {index}")


def read_questions(
    paths: Sequence[Path],
    language: str,
    *,
    unanswerable: bool = False,
    stripped: bool = False,
    id_prefix: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Yield questions with the spans that answer them, from the columns of SQuAD on the hub.

    Args:
        paths: Parquet files.
        language: the language to keep where a file holds several.
        unanswerable: True if questions without any answer are part of the task.
        stripped: True if the repository lost spaces at the beginning of contexts, which its
            offsets still count; the offsets are corrected.
        id_prefix: prefix of the questions' ids by language, if a file holds several languages.

    Yields:
        Rows in the schema "span".

    Raises:
        UserError: not a Parquet file, a missing column, an answer that is not at its offset, an id
            that occurs twice, no question in the language.
    """
    seen: set[str] = set()
    prefix = id_prefix[language] if id_prefix else ""
    for path in paths:
        with Table(path) as table:
            for number, row in enumerate(table.rows(["id", "context", "question", "answers"])):
                identifier = _text(row, "id", path, number)
                if not identifier.startswith(prefix):
                    continue
                where = f"{path}: row {number} (id {identifier!r})"
                if identifier in seen:
                    raise UserError(f"{where}: an earlier question has the same id.")
                seen.add(identifier)
                answers = _answers(row["answers"], where)
                context = _text(row, "context", path, number)
                if not answers and not unanswerable:
                    raise UserError(f"{where}: no answer, which is not part of this task.")
                yield {
                    "id": identifier,
                    "context": context,
                    "question": _text(row, "question", path, number),
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
    columns: tuple[str, str] = ("tokens", "ner_tags"),
    tidy: bool = False,
) -> Iterator[Row]:
    """Yield sentences with a tag per token.

    Args:
        paths: Parquet files.
        language: the language of the files, which hold one each; for messages.
        labels: the label names of the task.
        names: the hub's tag names in the hub's order, for files without them.
        renamed: maps tags on the hub to tags of the task.
        columns: columns of the tokens and of the tags.
        tidy: True to clean tokens and drop sentences as XTREME does for part-of-speech tagging.

    Yields:
        Rows in the schema "tagging"; a row's id is its index.

    Raises:
        UserError: not a Parquet file, a missing column, a sentence with different numbers of
            tokens and tags, an unknown tag, no sentence.
    """
    tokens_column, tags_column = columns
    index = 0
    for path in paths:
        with Table(path) as table:
            named = Labels(table, tags_column, labels, names, renamed)
            for number, row in enumerate(table.rows(columns)):
                tokens = [str(token) for token in row[tokens_column] or ()]
                found = [named(tag, number) for tag in row[tags_column] or ()]
                if len(tokens) != len(found) or None in found:
                    raise UserError(
                        f"{path}: row {number}: {len(tokens)} tokens and "
                        f"{len(found) - found.count(None)} tags; each needs one."
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
    columns: tuple[str, str] = ("source_sentence", "target_sentence"),
) -> Iterator[Row]:
    """Yield foreign candidates in the order of the file, then English queries in sorted order.

    Args:
        paths: Parquet files.
        language: the foreign language, for messages.
        columns: columns of the foreign and of the English sentence.

    Yields:
        Rows in the schema "retrieval", as :func:`xstilts.readers.bitext.read_parallel` does.

    Raises:
        UserError: not a Parquet file, a missing column, an empty sentence, no rows.
    """
    sides: tuple[list[str], list[str]] = ([], [])
    for path in paths:
        with Table(path) as table:
            for number, row in enumerate(table.rows(columns)):
                for side, column in zip(sides, columns, strict=True):
                    # the repository keeps the line ends of the original files
                    text = _text(row, column, path, number).strip()
                    if not text:
                        raise UserError(f"{path}: row {number}: {column!r} is empty.")
                    side.append(text)
    foreign, english = sides
    if not foreign:
        raise _nothing(paths, f"no sentence in {language!r}")
    return english_queries(foreign, english)


def _text(row: Mapping[str, Any], column: str, path: Path, number: int) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise UserError(f"{path}: row {number}: {column!r} is {value!r:.80}, not text.")
    return value


def _nothing(paths: Sequence[Path], what: str) -> UserError:
    files = ", ".join(map(str, paths)) or "(no file)"
    return UserError(f"{files}: {what}. Some test sets are published without labels.")


def _answers(value: Any, where: str) -> list[tuple[str, int]]:
    """(text, offset) of each answer, from a struct of lists or a list of structs."""
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
