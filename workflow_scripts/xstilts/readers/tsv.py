"""Sentence pairs with a label: tab-separated tables and JSON lines."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from xstilts.errors import UserError, unknown
from xstilts.readers.lines import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.tasks.base import Row

# The names that releases give to the columns
_TEXT_A = ("premise", "sentence1")
_TEXT_B = ("hypothesis", "hypo", "sentence2")
_LABEL = ("gold_label", "label")
_LANGUAGE = "language"

# XNLI's machine-translated MultiNLI spells one label in its own way
_RENAMED = {"contradictory": "contradiction"}

# SNLI and MultiNLI: the annotators did not agree, and every user leaves these pairs out
_NO_GOLD = "-"


class _Pair(NamedTuple):
    """One row of a file, before its label is checked."""

    where: str
    language: str | None
    text_a: str
    text_b: str
    label: str


def read_pairs(paths: Sequence[Path], language: str, *, labels: Sequence[str]) -> Iterator[Row]:
    """Labelled sentence pairs from any of the forms in which NLI and paraphrase data are released.

    * a table without header: text_a, text_b, label (XTREME's processed ``dev-de.tsv``), with the
      English pair before them in XTREME's translated training sets (``en-de-translated.tsv``);
    * a table with a header that names the columns (XNLI-MT's ``multinli.train.en.tsv``; XNLI-1.0's
      ``xnli.dev.tsv``, whose column ``language`` selects the rows);
    * JSON lines (``.jsonl``: SNLI, MultiNLI).

    A row's id is its index among the rows of its language, so that the languages of a parallel
    test set share ids. Texts are kept as they stand; tables know no quoting, except that what
    ``csv.writer`` did to XTREME's processed files is undone.

    Args:
        paths: files, read one after the other.
        language: the language to keep where a file holds several.
        labels: the label names of the task.

    Yields:
        Rows in the schema "classification".

    Raises:
        UserError: a wrong number of columns, an unknown label, no row in the language, an empty
            or undecodable file.
    """
    index = 0
    for path in paths:
        others: set[str] = set()
        before = index
        for pair in _json_pairs(path) if path.suffix == ".jsonl" else _table_pairs(path):
            if pair.language not in (None, language):
                others.add(str(pair.language))
                continue
            label = _RENAMED.get(pair.label, pair.label)
            if label != _NO_GOLD:
                if label not in labels:
                    raise unknown("label", label, labels, pair.where)
                yield {
                    "id": str(index),
                    "text_a": pair.text_a,
                    "text_b": pair.text_b,
                    "label": label,
                }
            index += 1
        if others and index == before:
            raise unknown("language of this file", language, others, str(path))
        if index == before:
            raise UserError(f"{path}: a header and no rows. The file was cut; fetch it again.")


def _table_pairs(path: Path) -> Iterator[_Pair]:
    lines = numbered_lines(path)
    number, first = next(lines)
    names = first.split("\t")
    if not set(_LABEL) & set(names):
        return _headless_pairs(path, itertools.chain([(number, first)], lines))
    return _named_pairs(path, names, lines)


def _headless_pairs(path: Path, lines: Iterator[tuple[int, str]]) -> Iterator[_Pair]:
    num_columns = 0
    for number, line in lines:
        num_columns = num_columns or (5 if line.count("\t") == 4 else 3)
        cells = _cells(line, num_columns, f"{path}:{number}")
        text_a, text_b, label = (_undo_csv(cell) for cell in cells[-3:])
        yield _Pair(f"{path}:{number}", None, text_a, text_b, label)


def _named_pairs(path: Path, names: list[str], lines: Iterator[tuple[int, str]]) -> Iterator[_Pair]:
    text_a, text_b, label = (
        _column(names, aliases, f"{path}:1") for aliases in (_TEXT_A, _TEXT_B, _LABEL)
    )
    language = names.index(_LANGUAGE) if _LANGUAGE in names else None
    for number, line in lines:
        cells = _cells(line, len(names), f"{path}:{number}")
        yield _Pair(
            f"{path}:{number}",
            None if language is None else cells[language],
            cells[text_a],
            cells[text_b],
            cells[label],
        )


def _cells(line: str, num_columns: int, where: str) -> list[str]:
    cells = line.split("\t")
    if len(cells) == num_columns:
        return cells
    hint = "The file was cut, or a tab stands inside a text."
    if num_columns == 3 and len(cells) == 2:
        hint = (
            "XTREME's download has no test labels, so it cannot be scored; use the original "
            "release. A cut file looks the same."
        )
    raise UserError(f"{where}: {len(cells)} tab-separated columns, expected {num_columns}. {hint}")


def _column(names: Sequence[str], aliases: Sequence[str], where: str) -> int:
    for alias in aliases:
        if alias in names:
            return names.index(alias)
    raise UserError(
        f"{where}: no column called {' or '.join(aliases)}. The header has: {', '.join(names)}."
    )


def _undo_csv(cell: str) -> str:
    """The text that Python's ``csv.writer`` wrote as this cell.

    XTREME's preprocessing (``utils_preprocess.py``, ``xnli_preprocess`` and ``pawsx_preprocess``)
    writes with it: a text is quoted only if it has a quotation mark inside, which is doubled. A
    cell of any other form is text as it stands.
    """
    inner = cell[1:-1]
    written_by_csv = (
        len(cell) > 3
        and cell[0] == cell[-1] == '"'
        and '""' in inner
        and '"' not in inner.replace('""', "")
    )
    return inner.replace('""', '"') if written_by_csv else cell


def _json_pairs(path: Path) -> Iterator[_Pair]:
    for number, line in numbered_lines(path):
        where = f"{path}:{number}"
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(
                f"{where}: not valid JSON ({error.msg} at column {error.colno}). "
                "The file may have been cut; fetch it again."
            ) from None
        if not isinstance(record, dict):
            raise UserError(f"{where}: not a JSON object but {type(record).__name__}.")
        yield _Pair(
            where,
            record.get(_LANGUAGE),
            *(_field(record, aliases, where) for aliases in (_TEXT_A, _TEXT_B, _LABEL)),
        )


def _field(record: dict[str, Any], aliases: Sequence[str], where: str) -> str:
    for alias in aliases:
        if isinstance(record.get(alias), str):
            return str(record[alias])
    raise UserError(
        f"{where}: no text under {' or '.join(aliases)}. The keys are: {', '.join(record)}."
    )
