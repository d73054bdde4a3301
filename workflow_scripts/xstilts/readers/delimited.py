"""Labelled texts and pairs from tables with a header, as ``csv.writer`` and pandas write them."""

from __future__ import annotations

import csv
from types import MappingProxyType
from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown
from xstilts.readers.lines import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

# an article is one cell; Python's default limit is 131,072 characters
_LONGEST_CELL = 2**31 - 1


def read_labelled(
    paths: Sequence[Path],
    language: str,
    *,
    labels: Sequence[str],
    text_a: Sequence[str],
    text_b: str | None = None,
    label: str = "label",
    identifier: str | None = None,
    renamed: Mapping[str, str] = MappingProxyType({}),
    lenient: bool = False,
) -> Iterator[Row]:
    """Yield labelled texts, or pairs of texts.

    Args:
        paths: files, read one after the other; those in ``.csv`` have commas, others tabs.
        language: the language of the files, which hold one each; for messages.
        labels: the label names of the task.
        text_a: columns of the text, joined by spaces.
        text_b: column of the second text; None for single texts.
        label: column of the label.
        identifier: column of ids; None for a running number.
        renamed: maps labels in the files to names in ``labels``, where the two differ.
        lenient: as in :func:`table_rows`.

    Yields:
        Rows in the schema "classification".

    Raises:
        UserError: a missing column, another number of cells, an unknown label, an empty text, an
            id that occurs twice, no row at all; names file and line.
    """
    seen: dict[str, str] = {}
    used = [*text_a, label, *(name for name in (text_b, identifier) if name)]
    for path in paths:
        for where, row in table_rows(path, used, lenient=lenient):
            name = row[identifier] if identifier else str(len(seen))
            if name in seen:
                raise UserError(f"{where}: id {name!r} also occurs at {seen[name]}. Remove one.")
            seen[name] = where
            found = renamed.get(row[label], row[label])
            if found not in labels:
                raise unknown("label", found, [*labels, *renamed], where)
            text = " ".join(row[column] for column in text_a)
            if not text.strip():
                raise UserError(f"{where}: an empty text. The file is damaged; fetch it again.")
            second = row[text_b] if text_b else None
            yield {"id": name, "text_a": text, "text_b": second, "label": found}
    if not seen:
        raise UserError(
            f"{', '.join(map(str, paths))}: a header but no rows. This data set has none in "
            f"{language!r} for this split, or the file was truncated."
        )


def table_rows(
    path: Path, columns: Sequence[str], *, lenient: bool = False
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (``file:line``, cell by column) of each row of a table with a header.

    A quoted cell may contain line breaks and delimiters; the line of a row is its last.

    Args:
        path: the file; commas separate the cells of ``.csv``, tabs those of others.
        columns: required columns.
        lenient: True if texts contain quotation marks that no writer of tables has doubled. Every
            line is then a row, and what follows a closing quotation mark is part of the cell, as
            for pandas.

    Raises:
        UserError: a missing column, a row with another number of cells, a file that ends inside
            quotes, is empty or is not UTF-8.
    """
    csv.field_size_limit(_LONGEST_CELL)
    rows = _rows(path, lenient)
    _, names = next(rows)
    for column in columns:
        if column not in names:
            raise unknown("column of this file", column, names, f"{path}:1")
    for number, cells in rows:
        if len(cells) != len(names):
            raise UserError(
                f"{path}:{number}: {len(cells)} columns, expected {len(names)}. The file was "
                "truncated, or a quotation mark is not closed."
            )
        yield f"{path}:{number}", dict(zip(names, cells, strict=True))


def _rows(path: Path, lenient: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of each row; an empty line is none."""
    delimiter = "," if path.suffix == ".csv" else "\t"
    if lenient:
        for number, line in numbered_lines(path):
            if line:
                yield number, next(csv.reader([line], delimiter=delimiter))
        return
    # numbered_lines splits at line feeds only, as the csv module asks for
    lines = (f"{line}\n" for _, line in numbered_lines(path))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        yield from ((reader.line_num, cells) for cells in reader if cells)
    except csv.Error as error:
        raise UserError(
            f"{path}:{reader.line_num}: not a complete table ({error}). The file was truncated or "
            "edited; fetch it again."
        ) from None
