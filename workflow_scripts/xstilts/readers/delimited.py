"""Labelled texts and pairs from tables with a header, as ``csv.writer`` and pandas write them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown
from xstilts.readers.hub_table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Row


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
        lenient: as in :class:`xstilts.readers.hub_table.Table`.

    Yields:
        Rows in the schema "classification".

    Raises:
        UserError: a missing column, another number of cells, an unknown label, an empty text, an
            id that occurs twice, no row at all; names file and line.
    """
    seen: dict[str, str] = {}
    used = [*text_a, label, *(name for name in (text_b, identifier) if name)]
    for path in paths:
        with Table(path, lenient=lenient) as table:
            for where, row in table.rows(used):
                name = row[identifier] if identifier else str(len(seen))
                if name in seen:
                    raise UserError(
                        f"{where}: id {name!r} also occurs at {seen[name]}. Remove one."
                    )
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
