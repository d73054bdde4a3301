"""Reads tables row by row, with the label names that the hub keeps in their metadata."""

from __future__ import annotations

import contextlib
import glob
import tempfile
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from datasets import IterableDataset

_BATCH = 2_000

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".parquet": ("parquet", {}),
    ".json": ("json", {}),
    ".jsonl": ("json", {}),
    # else pandas would read the text "NA" as a missing value
    ".csv": ("csv", {"keep_default_na": False}),
    ".tsv": ("csv", {"keep_default_na": False, "sep": "\t"}),
}
"""Builder of ``datasets`` and its options, by file suffix."""


class Table:
    """One file, streamed by ``datasets``: batch by batch, without a copy in its cache."""

    def __init__(self, path: Path) -> None:
        """Open a file; its suffix determines the format.

        Raises:
            UserError: it is not a complete file of that format.
        """
        self.path = path
        self._format, self._options = FORMATS.get(path.suffix, FORMATS[".parquet"])
        # the library locks what it reads, in the folder of its cache
        self._scratch = tempfile.TemporaryDirectory(prefix="xstilts-")
        rows = self._open()
        self._features: Mapping[str, Any] = rows.features or {}
        self.columns = list(self._features)
        if not self.columns:
            with self._named():
                self.columns = _first_columns(rows)

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

    def rows(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows of some columns, in the order of the file.

        Raises:
            UserError: a column is missing, or the file is damaged.
        """
        for column in columns:
            if column not in self.columns:
                raise unknown("column of this file", column, self.columns, str(self.path))
        options: dict[str, Any] = {}
        if self._format == "parquet":
            options = {"columns": list(columns)}
        elif self._format == "csv":
            # keep the text: "007" is not 7
            options = {"usecols": list(columns), "converters": dict.fromkeys(columns, str)}
        batches = self._open(**options).with_format("arrow").iter(_BATCH)
        while True:
            with self._named():
                batch = next(batches, None)
                found = [] if batch is None else batch.to_pylist()
            if batch is None:
                return
            yield from ({column: row.get(column) for column in columns} for row in found)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Turn the errors of libraries that read the file into one with its name."""
        try:
            yield
        except UserError:
            raise
        # pyarrow, pandas and datasets have no common class of errors
        except Exception as error:
            self._scratch.cleanup()
            raise UserError(
                f"{self.path}: damaged ({type(error).__name__}: {error!s:.200}). Fetch it again."
            ) from None

    def names(self, column: str) -> tuple[str, ...]:
        """The names of a ClassLabel column or of a list of them; empty if the file has none."""
        feature = self._features.get(column)
        while feature is not None and not hasattr(feature, "names"):
            feature = getattr(feature, "feature", None)
        return tuple(feature.names) if feature is not None else ()

    def _open(self, **options: Any) -> IterableDataset:
        # tasks name their readers while the Snakefile is parsed; that must not load this
        import datasets

        # the UserError below reports the problem; no second message from the library
        datasets.logging.set_verbosity(datasets.logging.CRITICAL)
        try:
            # not load_dataset, which reports each use to the hub
            read = getattr(datasets.IterableDataset, f"from_{self._format}")
            found: IterableDataset = read(
                glob.escape(str(self.path)),
                cache_dir=self._scratch.name,
                **self._options,
                **options,
            )
            return found
        except (TypeError, KeyError) as error:
            self._scratch.cleanup()
            raise UserError(
                f"{self.path}: its `huggingface` metadata, which describe the columns, are "
                f"malformed ({error!r}). Pin another revision, or use the repository's branch "
                "refs/convert/parquet."
            ) from None
        # pyarrow, pandas and datasets have no common class of errors
        except Exception as error:
            self._scratch.cleanup()
            raise UserError(
                f"{self.path}: not a complete {self._format.title()} file ({error}). Fetch it "
                "again, from refs/convert/parquet if the repository has other formats only."
            ) from None


def _first_columns(rows: IterableDataset) -> list[str]:
    """The columns of a table whose reader knows them only after reading a batch."""
    for batch in rows.with_format("arrow").iter(1):
        return list(batch.column_names)
    return []


class Labels:
    """Maps the values of a label column on the hub to the label names of a task."""

    def __init__(
        self,
        table: Table,
        column: str,
        labels: Sequence[str],
        names: Sequence[str] = (),
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare the mapping for one column.

        Args:
            table: the file.
            column: integers, or text that is a name or a number.
            labels: the label names of the task.
            names: the hub's names in the hub's order, for files whose metadata has none.
            renamed: maps names on the hub to the task's names, where the two differ.
        """
        self._names = table.names(column) or tuple(names)
        self._where = f"{table.path}: column {column!r}"
        self._labels = labels
        self._renamed = dict(renamed or {})

    def __call__(self, value: Any, row: int) -> str | None:
        """Return the label of a value; None for -1, "-" and empty text, which mean "no label".

        Raises:
            UserError: no such label, or a number for which no name is known.
        """
        where = f"{self._where}, row {row}"
        if value is None or value in (-1, "-1", "-", ""):
            return None
        name = str(value)
        if isinstance(value, int) or name not in {*self._labels, *self._renamed}:
            name = self._named(value, where)
        name = self._renamed.get(name, name)
        if name not in self._labels:
            raise unknown("label", name, self._labels, where)
        return name

    def _named(self, value: Any, where: str) -> str:
        if not isinstance(value, int) and not str(value).isdecimal():
            return str(value)
        if not self._names:
            raise UserError(
                f"{where}: the label is the number {value}, but neither the file's metadata nor "
                "the task's HubSource has the names of the numbers. Sources number them "
                "differently; give `names` in the task."
            )
        if not 0 <= int(value) < len(self._names):
            raise unknown("label number", value, map(str, range(len(self._names))), where)
        return self._names[int(value)]
