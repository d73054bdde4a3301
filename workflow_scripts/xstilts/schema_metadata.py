"""Metadata of Parquet and Arrow products: a JSON object in the schema metadata."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KEY = b"xstilts"


def with_metadata(schema: pa.Schema, metadata: Mapping[str, Any]) -> pa.Schema:
    """Return the schema with this metadata only."""
    return schema.with_metadata({_KEY: json.dumps(metadata, sort_keys=True, ensure_ascii=False)})


def metadata_of(schema: pa.Schema) -> dict[str, Any]:
    """Return the metadata of a schema; empty if it has none."""
    stored = (schema.metadata or {}).get(_KEY)
    return dict(json.loads(stored)) if stored else {}


def read_metadata(path: Path) -> dict[str, Any]:
    """Read the metadata of a Parquet file; empty if it has none, is missing or truncated."""
    try:
        return metadata_of(pq.read_schema(path))
    except (OSError, pa.ArrowInvalid):
        return {}


def replace_metadata(path: Path, metadata: Mapping[str, Any]) -> None:
    """Replace the metadata of a Parquet file; rows, row groups and compression do not change.

    Raises:
        OSError: the file cannot be read or written.
    """
    file = pq.ParquetFile(path)
    groups = [file.read_row_group(index) for index in range(file.num_row_groups)]
    codec = file.metadata.row_group(0).column(0).compression if groups else "SNAPPY"
    schema = with_metadata(file.schema_arrow, metadata)
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression=codec) as writer,
    ):
        for group in groups:
            writer.write_table(group.cast(schema), row_group_size=max(1, group.num_rows))
