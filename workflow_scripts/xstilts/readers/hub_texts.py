"""Labelled single texts from the hub's Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown
from xstilts.readers.hub_table import Table
from xstilts.readers.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row


def read_texts(
    paths: Sequence[Path],
    language: str,
    *,
    labels: Sequence[str],
    columns: Sequence[str] = ("text",),
    label: str = "label",
    identifier: str | None = None,
) -> Iterator[Row]:
    """Yield labelled texts.

    Args:
        paths: Parquet files, read one after the other.
        language: the language of the files, which hold one each; for messages.
        labels: the label names of the task; the files name them, too.
        columns: names that the column of the text may have, the first that exists is read.
        label: column of the label.
        identifier: column of ids; None for a running number.

    Yields:
        Rows in the schema "classification".

    Raises:
        UserError: not a Parquet file, a missing column, an unknown or missing label, an empty
            text, an id that occurs twice, no rows.
    """
    seen: set[str] = set()
    for path in paths:
        with Table(path) as table:
            text = next((name for name in columns if name in table.columns), None)
            if text is None:
                raise unknown("column of this file", columns[0], table.columns, str(path))
            named = Labels(table, label, labels)
            wanted = [text, label, *([identifier] if identifier else [])]
            for where, row in table.rows(wanted):
                found = named(row[label], where)
                name = str(row[identifier]) if identifier else str(len(seen))
                if name in seen:
                    raise UserError(f"{where}: an earlier row has the same id {name!r}.")
                seen.add(name)
                if found is None or not str(row[text] or "").strip():
                    raise UserError(f"{where}: no label or no text. Fetch the file again.")
                yield {"id": name, "text_a": row[text], "text_b": None, "label": found}
    if not seen:
        raise UserError(f"{', '.join(map(str, paths))}: no row in {language!r}.")
