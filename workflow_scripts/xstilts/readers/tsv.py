"""Sentence pairs with a label: tab-separated tables and JSON lines."""

from __future__ import annotations

import itertools
import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from xstilts.errors import UserError, unknown
from xstilts.readers.lines import filled_lines, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

LOGGER = logging.getLogger(__name__)

# Column names of the releases
_TEXT_A = ("premise", "sentence1", "context")
_TEXT_B = ("hypothesis", "hypo", "sentence2")
_LABEL = ("gold_label", "label")
_LANGUAGE = "language"

# XNLI's machine-translated MultiNLI spells one label in its own way
_RENAMED = {"contradictory": "contradiction"}
# ANLI's; in JSON only, since in a table one letter may be the rest of a truncated label
_ABBREVIATED = {"c": "contradiction", "e": "entailment", "n": "neutral"}

# SNLI and MultiNLI: the annotators did not agree, and every user leaves these pairs out
_NO_GOLD = "-"


class _Pair(NamedTuple):
    """One row of a file, before its label is checked."""

    where: str
    language: str | None
    text_a: str
    text_b: str
    label: str


def read_pairs(
    paths: Sequence[Path],
    language: str,
    *,
    labels: Sequence[str],
    renamed: Mapping[str, str] = MappingProxyType({}),
    codes: Mapping[str, str] = MappingProxyType({}),
    quoted: bool = False,
) -> Iterator[Row]:
    """Yield labelled sentence pairs from any format in which NLI or paraphrase data are released.

    * a table without header: text_a, text_b, label (XTREME's processed ``dev-de.tsv``), with the
      English pair before them in XTREME's translated training sets (``en-de-translated.tsv``);
    * a table with a header that names the columns (XNLI-MT's ``multinli.train.en.tsv``; XNLI-1.0's
      ``xnli.dev.tsv``, whose column ``language`` selects the rows; PAWS-X; AmericasNLI);
    * JSON lines (``.jsonl``: SNLI, MultiNLI, ANLI).

    A row's id is its index among the rows of its language, so that the languages of a parallel
    test set share ids. Texts are kept unchanged; quotation marks have no meaning, except that the
    quoting of ``csv.writer`` in XTREME's processed files is undone. Pairs without a gold label are
    left out and their number is logged; they count for the ids.

    Args:
        paths: files, read one after the other.
        language: the language to keep where a file holds several.
        labels: the label names of the task.
        renamed: maps labels in the files to names in ``labels``, where the two differ.
        codes: maps languages to codes in the column ``language``, where the two differ.
        quoted: True if ``csv.writer`` also wrote the tables that have a header.

    Yields:
        Rows in the schema "classification".

    Raises:
        UserError: a wrong number of columns, an unknown label, no row in the language, an empty
            or undecodable file.
    """
    wanted, known = codes.get(language, language), {*labels, *renamed}
    renamed = {**_RENAMED, **renamed}
    index = 0
    for path in paths:
        others: set[str] = set()
        before, undecided = index, 0
        pairs = _json_pairs(path) if path.suffix == ".jsonl" else _table_pairs(path, quoted)
        for pair in pairs:
            if pair.language not in (None, wanted):
                others.add(str(pair.language))
                continue
            label = renamed.get(pair.label, pair.label)
            if label == _NO_GOLD:
                undecided += 1
            elif label not in labels:
                raise unknown("label", label, known, pair.where)
            else:
                yield {
                    "id": str(index),
                    "text_a": pair.text_a,
                    "text_b": pair.text_b,
                    "label": label,
                }
            index += 1
        if others and index == before:
            raise unknown("language of this file", wanted, others, str(path))
        if index == before:
            raise UserError(
                f"{path}: a header but no rows. The file was truncated; fetch it again."
            )
        if undecided:
            LOGGER.info("%s: %d of %d pairs have no gold label", path, undecided, index - before)


def _table_pairs(path: Path, quoted: bool) -> Iterator[_Pair]:
    lines = filled_lines(path)
    number, first = next(lines)
    names = first.split("\t")
    if not set(_LABEL) & set(names):
        return _headless_pairs(path, itertools.chain([(number, first)], lines))
    return _named_pairs(path, names, lines, quoted)


def _headless_pairs(path: Path, lines: Iterator[tuple[int, str]]) -> Iterator[_Pair]:
    num_columns = 0
    for number, line in lines:
        num_columns = num_columns or (5 if line.count("\t") == 4 else 3)
        cells = _cells(line, num_columns, f"{path}:{number}")
        text_a, text_b, label = (undo_csv(cell) for cell in cells[-3:])
        yield _Pair(f"{path}:{number}", None, text_a, text_b, label)


def _named_pairs(
    path: Path, names: list[str], lines: Iterator[tuple[int, str]], quoted: bool
) -> Iterator[_Pair]:
    text_a, text_b, label = (
        _column(names, aliases, f"{path}:1") for aliases in (_TEXT_A, _TEXT_B, _LABEL)
    )
    language = names.index(_LANGUAGE) if _LANGUAGE in names else None
    for number, line in lines:
        cells = _cells(line, len(names), f"{path}:{number}")
        if quoted:
            cells = [undo_csv(cell) for cell in cells]
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
    hint = "The file was truncated, or a text contains a tab."
    if num_columns == 3 and len(cells) == 2:
        hint = (
            "XTREME's download has no test labels, so it cannot be scored; use the original "
            "release. A truncated file looks the same."
        )
    raise UserError(f"{where}: {len(cells)} tab-separated columns, expected {num_columns}. {hint}")


def _column(names: Sequence[str], aliases: Sequence[str], where: str) -> int:
    for alias in aliases:
        if alias in names:
            return names.index(alias)
    raise UserError(
        f"{where}: no column called {' or '.join(aliases)}. The header has: {', '.join(names)}."
    )


def undo_csv(cell: str) -> str:
    """The text that Python's ``csv.writer`` wrote as this cell.

    XTREME's preprocessing (``utils_preprocess.py``, ``xnli_preprocess`` and ``pawsx_preprocess``)
    writes with it: a text is quoted only if it has a quotation mark inside, which is doubled. Any
    other cell is returned unchanged.
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
    for where, item in json_lines(path):
        text_a, text_b, label = (
            _field(item, aliases, where) for aliases in (_TEXT_A, _TEXT_B, _LABEL)
        )
        label = _ABBREVIATED.get(label, label)
        yield _Pair(where, item.get(_LANGUAGE), text_a, text_b, label)


def _field(item: dict[str, Any], aliases: Sequence[str], where: str) -> str:
    for alias in aliases:
        if isinstance(item.get(alias), str):
            return str(item[alias])
    raise UserError(
        f"{where}: no text under {' or '.join(aliases)}. The keys are: {', '.join(item)}."
    )
