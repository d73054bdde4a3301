"""Cosmos QA's release: a table, or JSON lines, of paragraph, question and four answers."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.readers.choices import Examples, label_of, text_of, value_of
from xstilts.readers.lines import json_lines, numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_LABELS = ("0", "1", "2", "3")
_ANSWERS = ("answer0", "answer1", "answer2", "answer3")


def read_cosmosqa(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Questions about a paragraph with four answers each, from ``.csv`` or ``.jsonl``.

    Args:
        paths: files, read one after the other.
        language: not used; a file has one language.

    Yields:
        Rows in the schema "multiple_choice".

    Raises:
        UserError: a cut or empty file, a missing column, an unknown or absent label; file and line.
    """
    examples = Examples(num_choices=len(_ANSWERS))
    for path in paths:
        for where, record in json_lines(path) if path.suffix == ".jsonl" else _table(path):
            yield examples.row(
                where,
                text_of(record, "id", where),
                text_of(record, "context", where),
                text_of(record, "question", where),
                [text_of(record, answer, where) for answer in _ANSWERS],
                label_of(value_of(record, "label", where), _LABELS, where),
            )


def _table(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file:line``, column to cell) of each row; a cell in quotes may hold line ends."""
    reader = csv.reader((f"{line}\n" for _, line in numbered_lines(path)), strict=True)
    names: list[str] | None = None
    first = 1
    try:
        for cells in reader:
            where, first = f"{path}:{first}", reader.line_num + 1
            if names is None:
                names = cells
            elif len(cells) != len(names):
                raise UserError(
                    f"{where}: {len(cells)} columns, expected {len(names)}. The file was cut, or a "
                    "comma stands outside quotes; fetch it again."
                )
            else:
                yield where, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise UserError(
            f"{path}:{first}: not a table of comma-separated values ({error}). "
            "The file may have been cut; fetch it again."
        ) from None
    if names is not None and first == 2:
        raise UserError(f"{path}: a header and no rows. The file was cut; fetch it again.")
