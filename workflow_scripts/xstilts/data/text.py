"""Text for masked language modelling, taken from the examples of tasks or from plain files."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from xstilts.errors import UserError
from xstilts.readers.hub_table import Table, is_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row


FIELDS: dict[str, tuple[str, ...]] = {
    "classification": ("text_a", "text_b"),
    "span": ("context", "question"),
    "tagging": ("tokens",),
    "retrieval": ("text",),
    "multiple_choice": ("context", "question", "choices"),
    "mining": ("text",),
    "ranking": ("text",),
    "mlm": ("text", "pair"),
}
"""Kind to the columns that hold text, in a fixed order."""

KINDS = {
    "choices": "multiple_choice",
    "label": "classification",
    "context": "span",
    "tags": "tagging",
    "side": "retrieval",
}
"""Column that identifies the kind of a data file, or one with the same columns; the first that a
file has decides."""


def kind_of(columns: Sequence[str]) -> str:
    """The kind of task that a data file with these columns belongs to."""
    return next((kind for column, kind in KINDS.items() if column in columns), "mlm")


def example_fields(path: Path) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """(example id, column to its texts) of a data file; empty texts are left out."""
    file = pq.ParquetFile(path)
    fields = FIELDS[kind_of(file.schema_arrow.names)]
    for batch in file.iter_batches(10_000, columns=["id", *fields]):
        for row in batch.to_pylist():
            texts = ((name, _texts_in(name, row[name])) for name in fields if row[name])
            yield row["id"], dict(texts)


def _texts_in(column: str, value: str | list[str]) -> list[str]:
    """The texts that a cell holds: the words of a sentence are one, each choice is one."""
    if isinstance(value, str):
        return [value]
    return [text for text in value if text] if column == "choices" else [" ".join(value)]


def example_texts(path: Path) -> Iterator[tuple[str, list[str]]]:
    """(example id, texts) of a data file."""
    for identifier, fields in example_fields(path):
        yield identifier, [text for texts in fields.values() for text in texts]


@dataclass(frozen=True, slots=True)
class TextFiles:
    """Text files that are not data sets of the workflow."""

    files: tuple[Path, ...]
    column: str = "text"
    """Column of tables (Parquet, JSON, JSON lines, CSV); other files are plain text."""
    limit: int | None = None
    """Maximum number of new texts; None for all."""


def plain_text(sources: Sequence[Path | TextFiles]) -> Iterator[Row]:
    """Yield every text once, in the order of the sources.

    Args:
        sources: data files (Parquet), plain text files with one text per line, or both with
            options.

    Raises:
        UserError: a file is not UTF-8, is not a Parquet file or lacks the column.
    """
    seen: set[str] = set()
    for source in sources:
        texts, limit = _texts_of(source), None
        if isinstance(source, TextFiles):
            limit = source.limit
        new = _new_texts(texts, seen)
        yield from ({"id": str(len(seen) - 1), "text": t, "pair": None} for t in islice(new, limit))


def _new_texts(texts: Iterable[str], seen: set[str]) -> Iterator[str]:
    for text in texts:
        if text and text not in seen:
            seen.add(text)
            yield text


def _texts_of(source: Path | TextFiles) -> Iterator[str]:
    if isinstance(source, TextFiles):
        for file in source.files:
            if is_table(file):
                yield from _column_texts(file, source.column)
            else:
                yield from _texts_of(file)
        return
    if source.suffix == ".parquet":
        for _, texts in example_texts(source):
            yield from texts
        return
    try:
        with source.open(encoding="utf-8") as lines:
            for line in lines:
                yield line.strip()
    except UnicodeDecodeError as error:
        raise UserError(f"{source}: not UTF-8 ({error}). Convert the file.") from None


def _column_texts(path: Path, column: str) -> Iterator[str]:
    """Yield each line of a text column: documents are split at their line ends."""
    with Table(path) as table:
        for _, row in table.rows([column]):
            for line in str(row[column] or "").split("\n"):
                yield line.strip()


def translation_pairs(sides: Sequence[tuple[Path, Path]]) -> Iterator[Row]:
    """Yield translations aligned by id: ``text`` from the first file, ``pair`` from the second.

    Raises:
        UserError: two files share no id, or an example has more texts in one language.
    """
    seen: set[tuple[Any, Any]] = set()
    for foreign, source in sides:
        of_source, aligned = dict(example_texts(source)), 0
        for identifier, texts in example_texts(foreign):
            translations = of_source.get(identifier)
            if translations is None:
                continue
            if len(translations) != len(texts):
                raise UserError(
                    f"{foreign}: example {identifier!r} has {len(texts)} texts, its counterpart in "
                    f"{source} has {len(translations)}: the languages are not parallel."
                )
            aligned += 1
            for text, pair in zip(texts, translations, strict=True):
                if (text, pair) not in seen:
                    seen.add((text, pair))
                    yield {"id": str(len(seen) - 1), "text": text, "pair": pair}
        if not aligned:
            raise UserError(f"{foreign} and {source} share no example id: they are not parallel.")
