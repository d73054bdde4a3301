"""Token sequences on disk: an Arrow file that is memory-mapped and read without copies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xstilts.errors import UserError
from xstilts.files import atomic_path
from xstilts.schema_metadata import metadata_of, with_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

IDS = pa.field("input_ids", pa.list_(pa.int32()), nullable=False)
EXAMPLE = pa.field("example", pa.int32(), nullable=False)
TOKEN_TYPES = pa.field("token_type_ids", pa.list_(pa.int8()), nullable=False)


def list_array(rows: Sequence[Sequence[int]], value_type: pa.DataType) -> pa.ListArray:
    """Build an Arrow list column from rows of integers."""
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    flat = np.fromiter(chain.from_iterable(rows), np.int32, count=offsets[-1])
    values = pa.array(flat, pa.int32()).cast(value_type)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def write_tokens(
    path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], metadata: dict[str, Any]
) -> None:
    """Write sequences as an Arrow IPC file, atomically and batch by batch."""
    schema = with_metadata(schema, metadata)
    with atomic_path(path) as temporary, pa.ipc.new_file(temporary, schema) as writer:
        for batch in batches:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A list column as flat arrays in the memory map, one pair per record batch."""

    starts: npt.NDArray[np.int64]
    """First row of each record batch, and the total number of rows."""
    offsets: tuple[npt.NDArray[np.int32], ...]
    values: tuple[npt.NDArray[Any], ...]

    def row(self, index: int) -> npt.NDArray[Any]:
        """Return the values of one row, without a copy."""
        chunk = int(np.searchsorted(self.starts, index, side="right")) - 1
        position = index - int(self.starts[chunk])
        offsets = self.offsets[chunk]
        return self.values[chunk][offsets[position] : offsets[position + 1]]

    def parts(self) -> list[npt.NDArray[Any]]:
        """Return the values of all rows, without a copy: one array per record batch."""
        pairs = zip(self.values, self.offsets, strict=True)
        return [values[offsets[0] : offsets[-1]] for values, offsets in pairs]

    def lengths(self) -> npt.NDArray[np.int32]:
        """Return the number of values of each row."""
        parts = [np.diff(offsets) for offsets in self.offsets]
        return np.concatenate(parts) if parts else np.zeros(0, np.int32)


class TokenTable:
    """The sequences of one data set, memory-mapped, so that jobs on a machine share the pages."""

    def __init__(self, table: pa.Table, metadata: dict[str, Any]) -> None:
        self._table = table
        self._columns: dict[str, npt.NDArray[Any]] = {}
        self._lists: dict[str, ListColumn] = {}
        self.metadata = metadata
        self.lengths = self.list_column("input_ids").lengths()

    @classmethod
    def open(cls, path: Path) -> TokenTable:
        """Memory-map a token file.

        Raises:
            UserError: the file is missing, truncated, or not a token file.
        """
        try:
            table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        except FileNotFoundError:
            raise UserError(f"{path}: no such token file. Make it with prepare_tokens.") from None
        except pa.ArrowInvalid as error:
            raise UserError(
                f"{path}: not a complete token file ({error}). Delete it to rebuild it."
            ) from None
        metadata = metadata_of(table.schema)
        if "kind" not in metadata:
            raise UserError(
                f"{path}: an Arrow file, but not a token file. Delete it to rebuild it."
            )
        return cls(table, metadata)

    def head(self, num_examples: int) -> TokenTable:
        """Return the sequences of the first ``num_examples`` examples, in the same memory map."""
        rows = int(np.searchsorted(self.column("example"), num_examples))
        count = min(num_examples, self.metadata["num_examples"])
        return TokenTable(self._table.slice(0, rows), {**self.metadata, "num_examples": count})

    def __len__(self) -> int:
        return cast("int", self._table.num_rows)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return cast("list[str]", self._table.column_names)

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return a column of numbers."""
        if name not in self._columns:
            self._columns[name] = self._table.column(name).to_numpy()
        return self._columns[name]

    def list_column(self, name: str) -> ListColumn:
        """Return a column of lists."""
        if name not in self._lists:
            chunks = [chunk for chunk in self._table.column(name).chunks if len(chunk)]
            sizes = [0, *(len(chunk) for chunk in chunks)]
            self._lists[name] = ListColumn(
                np.cumsum(sizes),
                tuple(chunk.offsets.to_numpy() for chunk in chunks),
                tuple(chunk.values.to_numpy() for chunk in chunks),
            )
        return self._lists[name]

    @property
    def longest(self) -> int:
        """Length of the longest sequence in tokens."""
        return int(self.lengths.max(initial=0))

    def ids(self, index: int) -> npt.NDArray[np.int32]:
        """Return the token ids of one sequence."""
        return self.list_column("input_ids").row(index)


def sequences_batch(
    schema: pa.Schema,
    columns: Mapping[str, Any],
    token_types: Sequence[Sequence[int]] | None,
) -> pa.RecordBatch:
    """Build a record batch of sequences in a kind's schema.

    Args:
        schema: the kind's schema.
        columns: name to values; rows of integers for a list column.
        token_types: values of the column ``token_type_ids``; None if the model does not use them.
    """
    if token_types is not None:
        schema = schema.append(TOKEN_TYPES)
        columns = {**columns, TOKEN_TYPES.name: token_types}
    arrays = [
        list_array(columns[field.name], field.type.value_type)
        if pa.types.is_list(field.type)
        else pa.array(columns[field.name], field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
