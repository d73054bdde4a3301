"""Parquet files row by row, and the label names that the hub keeps in their metadata."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

_BATCH = 2_000


class Table:
    """One Parquet file, open for reading."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            UserError: it is no whole Parquet file.
        """
        # tasks name their readers while the Snakefile is parsed; that must not load pyarrow
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path = path
        try:
            self._file = pq.ParquetFile(path)
        except (OSError, pa.ArrowException) as error:
            raise UserError(
                f"{path}: no whole Parquet file ({error}). Fetch it again, from "
                "refs/convert/parquet if the repository has other formats only."
            ) from None
        self.columns: list[str] = self._file.schema_arrow.names
        self._features = _features(self._file.schema_arrow.metadata)

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
        self._file.close()

    def rows(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows of some columns, in the order of the file.

        Raises:
            UserError: a column is missing, or the file is damaged.
        """
        import pyarrow as pa

        for column in columns:
            if column not in self.columns:
                raise unknown("column of this file", column, self.columns, str(self.path))
        try:
            for batch in self._file.iter_batches(_BATCH, columns=list(columns)):
                yield from batch.to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"{self.path}: damaged ({error}). Fetch it again.") from None

    def names(self, column: str) -> tuple[str, ...]:
        """The names of a ClassLabel column or of a sequence of them; empty if the file has none.

        Libraries differ in how they write a sequence, so the names are looked for below it.
        """
        feature = self._features.get(column)
        while isinstance(feature, (dict, list)):
            if isinstance(feature, list):
                feature = feature[0] if feature else None
            elif isinstance(feature.get("names"), list):
                return tuple(map(str, feature["names"]))
            else:
                feature = feature.get("feature")
        return ()


def _features(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """The features that ``datasets`` writes into the metadata of the schema; empty without."""
    raw = (metadata or {}).get(b"huggingface")
    try:
        features = json.loads(raw)["info"]["features"] if raw else {}
    except (ValueError, KeyError, TypeError):
        return {}
    return features if isinstance(features, dict) else {}


class Labels:
    """The label names of a task, from what a column of the hub holds for them."""

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
            renamed: name on the hub to the task's name, where the two differ.
        """
        self._names = table.names(column) or tuple(names)
        self._place = f"{table.path}: column {column!r}"
        self._labels = labels
        self._renamed = dict(renamed or {})

    def __call__(self, value: Any, row: int) -> str | None:
        """The label of a value; None for -1 and empty text, by which the hub means "no label".

        Raises:
            UserError: no such label, or a number for which no name is known.
        """
        where = f"{self._place}, row {row}"
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
