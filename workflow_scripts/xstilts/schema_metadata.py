"""What a Parquet or Arrow product says of itself: a JSON object in its schema metadata."""

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


def with_metadata(schema: pa.Schema, record: Mapping[str, Any]) -> pa.Schema:
    """The schema with a record in its metadata, and no other metadata."""
    return schema.with_metadata({_KEY: json.dumps(record, sort_keys=True, ensure_ascii=False)})


def metadata_of(schema: pa.Schema) -> dict[str, Any]:
    """The record in a schema's metadata; empty where there is none."""
    stored = (schema.metadata or {}).get(_KEY)
    return dict(json.loads(stored)) if stored else {}


def read_metadata(path: Path) -> dict[str, Any]:
    """The record of a Parquet file; empty where the file is missing, cut or has none."""
    try:
        return metadata_of(pq.read_schema(path))
    except (OSError, pa.ArrowInvalid):
        return {}


def replace_metadata(path: Path, record: Mapping[str, Any]) -> None:
    """Give a Parquet file another record; rows, row groups and compression stay as they are.

    Raises:
        OSError: the file cannot be read or written.
    """
    file = pq.ParquetFile(path)
    groups = [file.read_row_group(index) for index in range(file.num_row_groups)]
    codec = file.metadata.row_group(0).column(0).compression if groups else "SNAPPY"
    schema = with_metadata(file.schema_arrow, record)
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression=codec) as writer,
    ):
        for group in groups:
            writer.write_table(group.cast(schema), row_group_size=max(1, group.num_rows))
