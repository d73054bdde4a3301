"""Reads tables row by row, whatever their format, with the label names that Parquet files keep.

A table is Parquet, CSV, TSV, JSON (a list of objects) or JSON lines; the text formats may be
compressed (``.csv.gz``).
"""

from __future__ import annotations

import csv
import glob
import json
import re
import sys
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from xstilts.errors import UserError, unknown
from xstilts.readers.lines import json_lines, numbered_lines, plain_suffix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from datasets import IterableDataset

    Located = Iterator[tuple[str, dict[str, Any]]]
    """``FILE:LINE``, or ``FILE: row NUMBER`` for a file without lines, and the row."""

_BATCH = 2_000
_LIST = re.compile(r'\s*(\[|\{\s*("data"\s*:\s*\[|$)|$)')
"""How the first line of JSON begins that is not JSON lines."""

_CELLS = (".csv", ".tsv", ".txt")
"""Suffixes of tables with a header line; only ``.csv`` has commas, others have tabs."""
FORMATS = (".parquet", ".json", ".jsonl", ".csv", ".tsv")
"""Suffixes of tables, to which ``.gz`` may be added except for Parquet."""


class FileOptions(TypedDict, total=False):
    """How the files of a data set are read, the same for all kinds."""

    language_column: str | None
    """Column with the language, if a file holds several."""
    codes: Mapping[str, str]
    """Language to the code in that column, where the two differ."""
    quoted: bool
    """False if quotation marks in CSV and TSV are part of the text; True by default."""


def rows_of(
    paths: Sequence[Path], language: str, columns: Sequence[str], **options: Unpack[FileOptions]
) -> Iterator[tuple[Table, str, dict[str, Any]]]:
    """Yield (table, location, row) of the rows of a language, file by file.

    Args:
        paths: tables, read one after the other.
        language: the language to keep where a file holds several.
        columns: the columns to read.
        options: :class:`FileOptions`.

    Raises:
        UserError: a file is damaged, or lacks a column or any row of the language.
    """
    column = options.get("language_column")
    wanted = options.get("codes", {}).get(language, language)
    others: set[str] = set()
    found = False
    for path in paths:
        with Table(path, quoted=options.get("quoted", True)) as table:
            for where, row in table.rows([*columns, *([column] if column else ())]):
                if column and row[column] != wanted:
                    others.add(str(row[column]))
                else:
                    found = True
                    yield table, where, row
    if others and not found:
        files = ", ".join(map(str, paths))
        raise unknown("language of this file", wanted, others, f"{files}: column {column!r}")


def is_table(path: Path) -> bool:
    """Return True if the suffix of a file is that of a table."""
    return plain_suffix(path) in FORMATS


class Table:
    """One file, read as a stream, except for JSON."""

    def __init__(self, path: Path, *, quoted: bool = True, lenient: bool = False) -> None:
        """Open a file; its suffix determines the format, by default Parquet.

        Args:
            path: the file.
            quoted: False if quotation marks in CSV and TSV are part of the text.
            lenient: True if texts in CSV and TSV have quotation marks that no writer of tables has
                doubled. Every line is then a row, and what follows a closing quotation mark is
                part of the cell, as for pandas.

        Raises:
            UserError: it is not a complete file of that format.
        """
        self.path = path
        self._suffix = plain_suffix(path)
        self._quoted, self._lenient = quoted, lenient
        self._features: Mapping[str, Any] = {}
        # the library locks what it reads, in the folder of its cache
        self._scratch = tempfile.TemporaryDirectory(prefix="xstilts-")
        if self._suffix in _CELLS:
            self.columns = next(self._cells())[1]
        elif self._suffix in (".json", ".jsonl"):
            self.columns = list(next(self._objects(), ("", {}))[1])
        else:
            self._features = self._open().features or {}
            self.columns = list(self._features)

    def __enter__(self) -> Table:
        """The open file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._scratch.cleanup()

    def rows(self, columns: Sequence[str]) -> Located:
        """The rows of some columns with their locations, in the order of the file.

        Raises:
            UserError: a column is missing, or the file is damaged.
        """
        for column in columns:
            if column not in self.columns:
                raise unknown("column of this file", column, self.columns, str(self.path))
        if self._suffix in _CELLS:
            yield from self._cell_rows(columns)
        elif self._suffix in (".json", ".jsonl"):
            for where, item in self._objects():
                yield where, {column: item.get(column) for column in columns}
        else:
            yield from self._parquet_rows(columns)

    def names(self, column: str) -> tuple[str, ...]:
        """The names of a ClassLabel column or of a list of them; empty if the file has none."""
        feature = self._features.get(column)
        while feature is not None and not hasattr(feature, "names"):
            feature = getattr(feature, "feature", None)
        return tuple(feature.names) if feature is not None else ()

    def _cell_rows(self, columns: Sequence[str]) -> Located:
        cells_of = self._cells()
        _, header = next(cells_of)
        positions = {column: header.index(column) for column in columns}
        for where, cells in cells_of:
            if len(cells) != len(header):
                raise UserError(
                    f"{where}: {len(cells)} cells, but the header has {len(header)}. The file was "
                    "truncated, or a text contains the separator. If quotation marks are part of "
                    "the texts, set `quoted: false`."
                )
            yield where, {column: cells[position] for column, position in positions.items()}

    def _cells(self) -> Iterator[tuple[str, list[str]]]:
        """(``FILE:LINE``, cells) of each row, the header first; a row may span several lines."""
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        delimiter = "," if self._suffix == ".csv" else "\t"
        if self._lenient:
            for number, text in numbered_lines(self.path):
                if text:
                    yield f"{self.path}:{number}", next(csv.reader([text], delimiter=delimiter))
            return
        reader = csv.reader(
            (f"{line}\n" for _, line in numbered_lines(self.path)),
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if self._quoted else csv.QUOTE_NONE,
            strict=True,
        )
        line = 0
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UserError(
                    f"{self.path}:{line}: not a complete row ({error}). The file was truncated, or "
                    "quotation marks are part of the texts: then set `quoted: false`."
                ) from None
            # a blank line is no row
            if cells:
                yield f"{self.path}:{line}", cells

    def _objects(self) -> Located:
        """The objects of JSON lines, or of a JSON file that is a list of objects."""
        if self._suffix == ".json" and (items := self._list()) is not None:
            for number, item in enumerate(items):
                where = f"{self.path}: row {number}"
                if not isinstance(item, dict):
                    raise UserError(f"{where}: not a JSON object but {type(item).__name__}.")
                yield where, item
        else:
            yield from json_lines(self.path)

    def _list(self) -> list[Any] | None:
        """The list that a JSON file is, or holds under ``data`` only; None for JSON lines."""
        if not _LIST.match(next(numbered_lines(self.path))[1]):
            return None
        text = "\n".join(line for _, line in numbered_lines(self.path))
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise UserError(
                f"{self.path}:{error.lineno}: not valid JSON ({error.msg}, column {error.colno}). "
                "The file may have been truncated; fetch it again."
            ) from None
        found = value.get("data") if isinstance(value, dict) else value
        if not isinstance(found, list):
            raise UserError(f"{self.path}: neither a list of objects nor JSON lines.")
        return found

    def _parquet_rows(self, columns: Sequence[str]) -> Located:
        import pyarrow as pa

        number = 0
        try:
            batches = self._open(columns=list(columns)).with_format("arrow").iter(_BATCH)
            for batch in batches:
                for row in batch.to_pylist():
                    yield f"{self.path}: row {number}", {column: row[column] for column in columns}
                    number += 1
        except (OSError, ValueError, pa.ArrowException) as error:
            if isinstance(error, UserError):
                raise
            raise UserError(f"{self.path}: damaged ({error}). Fetch it again.") from None

    def _open(self, **options: Any) -> IterableDataset:
        # tasks name their readers while the Snakefile is parsed; that must not load this
        import datasets
        import pyarrow as pa

        # the UserError below reports the problem; no second message from the library
        datasets.logging.set_verbosity(datasets.logging.CRITICAL)
        try:
            # not load_dataset, which reports each use to the hub
            found: IterableDataset = datasets.IterableDataset.from_parquet(
                glob.escape(str(self.path)), cache_dir=self._scratch.name, **options
            )
            return found
        except (TypeError, KeyError) as error:
            self._scratch.cleanup()
            raise UserError(
                f"{self.path}: its `huggingface` metadata, which describe the columns, are "
                f"malformed ({error!r}). Pin another revision, or use the repository's branch "
                "refs/convert/parquet."
            ) from None
        except (OSError, ValueError, pa.ArrowException) as error:
            self._scratch.cleanup()
            raise UserError(
                f"{self.path}: not a complete Parquet file ({error}). Fetch it again, from "
                "refs/convert/parquet if the repository has other formats only."
            ) from None
