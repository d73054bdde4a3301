"""Cosmos QA's release: a table, or JSON lines, of paragraph, question and four answers."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.readers.choices import Examples, label_of, text_of, value_of
from xstilts.readers.lines import json_lines, numbered_lines, without_blank_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_LABELS = ("0", "1", "2", "3")
_ANSWERS = ("answer0", "answer1", "answer2", "answer3")


def read_cosmosqa(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield questions about a paragraph with four answers each, from ``.csv`` or ``.jsonl``.

    Args:
        paths: files, read one after the other.
        language: not used; a file has one language.

    Yields:
        Rows in the schema "multiple_choice".

    Raises:
        UserError: a truncated or empty file, a missing column, an unknown or missing label; names
            file and line.
    """
    examples = Examples(num_choices=len(_ANSWERS))
    for path in paths:
        for where, item in json_lines(path) if path.suffix == ".jsonl" else _table(path):
            yield examples.row(
                where,
                text_of(item, "id", where),
                text_of(item, "context", where),
                text_of(item, "question", where),
                [text_of(item, answer, where) for answer in _ANSWERS],
                label_of(value_of(item, "label", where), _LABELS, where),
            )


def _table(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file:line``, cells by column) of each row; a quoted cell may contain line ends."""
    lines = (f"{line}\n" for _, line in without_blank_end(numbered_lines(path)))
    reader = csv.reader(lines, strict=True)
    names: list[str] | None = None
    first = 1
    try:
        for cells in reader:
            where, first = f"{path}:{first}", reader.line_num + 1
            if names is None:
                names = cells
            elif len(cells) != len(names):
                raise UserError(
                    f"{where}: {len(cells)} columns, expected {len(names)}. The file was "
                    "truncated, or a text with a comma is not quoted; fetch it again."
                )
            else:
                yield where, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise UserError(
            f"{path}:{first}: not a table of comma-separated values ({error}). "
            "The file may have been truncated; fetch it again."
        ) from None
    if names is not None and first == 2:
        raise UserError(f"{path}: a header but no rows. The file was truncated; fetch it again.")
