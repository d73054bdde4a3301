"""Pairs of questions asked on Quora: the tables of GLUE, and Quora's own release."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown
from xstilts.readers.lines import numbered_lines, require_filled, without_blank_end
from xstilts.readers.tsv import undo_csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

COLUMNS = ("id", "qid1", "qid2", "question1", "question2", "is_duplicate")


def read_questions(paths: Sequence[Path], language: str, *, labels: Sequence[str]) -> Iterator[Row]:
    """Yield question pairs with the label "1" if they ask the same.

    A question with a line break is quoted and spans two lines or more. GLUE's users drop these few
    pairs or misread them (nyu-mll/GLUE-baselines, issue 5); here each is read as the one pair that
    it is. Questions are stripped.

    Args:
        paths: tables with the columns of :data:`COLUMNS`, read one after the other.
        language: the language of the files, which is English; not used.
        labels: the label names of the task.

    Yields:
        Rows in the schema "classification"; id is the index of the pair.

    Raises:
        UserError: another header (GLUE's test set has no labels), a wrong number of columns, an
            unknown label, an empty or undecodable file.
    """
    index = 0
    for path in paths:
        before = index
        for number, cells in _rows(path):
            *_, question, other, label = (cell.strip() for cell in cells)
            if label not in labels:
                raise unknown("label", label, labels, f"{path}:{number}")
            yield {"id": str(index), "text_a": question, "text_b": other, "label": label}
            index += 1
        if index == before:
            raise UserError(
                f"{path}: a header but no rows. The file was truncated; fetch it again."
            )


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, cells) of each row."""
    lines = without_blank_end(numbered_lines(path))
    _, header = next(lines)
    if tuple(header.split("\t")) != COLUMNS:
        raise UserError(
            f"{path}:1: the columns are {', '.join(header.split(chr(9)))}; expected "
            f"{', '.join(COLUMNS)}. (GLUE's test set has no labels and cannot be scored.)"
        )
    first, parts = 0, list[str]()
    for number, line in lines:
        if not parts:
            require_filled(line, path, number)
        if parts and line.count("\t") == len(COLUMNS) - 1:
            raise _broken(path, first, parts)
        first = first if parts else number
        parts.append(line)
        if cells := _cells("\n".join(parts)):
            yield first, cells
            parts = []
    if parts:
        raise _broken(path, first, parts)


def _cells(text: str) -> list[str] | None:
    """The cells of a row; None if the text is not (yet) a complete one."""
    cells = text.split("\t")
    if "\n" not in text and len(cells) == len(COLUMNS):
        return [undo_csv(cell) for cell in cells]
    try:
        (cells,) = csv.reader([text], delimiter="\t", strict=True)
    except csv.Error:
        return None
    return cells if len(cells) == len(COLUMNS) else None


def _broken(path: Path, first: int, parts: Sequence[str]) -> UserError:
    num_columns = parts[0].count("\t") + 1
    return UserError(
        f"{path}:{first}: {num_columns} tab-separated columns, expected {len(COLUMNS)}, and no "
        "quoted question that continues on the next line. The file was truncated, or a text "
        "contains a tab; fetch it again."
    )
