"""Metadata of Parquet and Arrow products: a JSON object in the schema metadata.

A Parquet product without a manifest (predictions, scores, tables) has the checksum of its rows and
metadata in its metadata, and is read only if they still agree. The checksum covers the product's
name, so that two files that were swapped are found, but neither identity nor acceptance, so that
accepting other code does not change it. Files of earlier versions have none and are not checked.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.errors import UserError
from xstilts.files import atomic_path
from xstilts.identity import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KEY = b"xstilts"
CHECKSUM = "checksum"
"""Key of the checksum in the metadata."""
WITH_CHECKSUM = ("predictions", "scores", "trivial_baselines", "tables")
"""Folders of Parquet products that have their checksum in their metadata."""
_LEFT_OUT = {CHECKSUM, "identity", "accepted"}
_ROWS = 10_000


def with_metadata(schema: pa.Schema, metadata: Mapping[str, Any]) -> pa.Schema:
    """Return the schema with this metadata only."""
    return schema.with_metadata({_KEY: json.dumps(metadata, sort_keys=True, ensure_ascii=False)})


def metadata_of(schema: pa.Schema) -> dict[str, Any]:
    """Return the metadata of a schema; empty if it has none."""
    stored = (schema.metadata or {}).get(_KEY)
    return dict(json.loads(stored)) if stored else {}


def read_metadata(path: Path) -> dict[str, Any]:
    """Read the metadata of a Parquet file; empty if it has none, is missing or truncated."""
    # a named pipe would wait for ever
    if not path.is_file():
        return {}
    try:
        return metadata_of(pq.read_schema(path))
    except (OSError, ValueError, pa.ArrowException):
        return {}


def _name(path: Path) -> str:
    """Return the part of a product's path below ``results/STUDY``; else the file's name."""
    parts = path.parts
    kinds = [index for index, part in enumerate(parts) if part in WITH_CHECKSUM]
    return "/".join(parts[kinds[-1] :]) if kinds else path.name


def checksum_of_rows(path: Path, table: pa.Table, metadata: Mapping[str, Any]) -> str:
    """Return the digest of a product's name, rows and metadata, independent of the file's layout.

    Args:
        path: the Parquet file.
        table: its rows.
        metadata: its metadata.
    """
    described = {key: value for key, value in metadata.items() if key not in _LEFT_OUT}
    columns = [[field.name, str(field.type)] for field in table.schema]
    hasher = hashlib.sha256(canonical([_name(path), described, columns]).encode())
    for start in range(0, table.num_rows, _ROWS):
        hasher.update(canonical(table.slice(start, _ROWS).to_pydict()).encode())
    return hasher.hexdigest()


def store_checksum(path: Path) -> None:
    """Store the checksum of a finished Parquet product in its metadata.

    Raises:
        OSError: the file cannot be read or written.
    """
    table = pq.read_table(path, partitioning=None)
    metadata = metadata_of(table.schema)
    replace_metadata(path, {**metadata, CHECKSUM: checksum_of_rows(path, table, metadata)})


def require_undamaged(path: Path, *, strict: bool = False) -> dict[str, Any]:
    """Return the metadata of a Parquet product, after checking its rows.

    Args:
        path: the file.
        strict: True for a product that is made again with every version, so that it has a checksum.

    Returns:
        The metadata; without ``CHECKSUM`` for files of earlier versions, which are not checked.

    Raises:
        UserError: the file is missing, truncated or damaged; says what to delete.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file. Run again to make it.")
    redo = f"Restore it from a copy, or delete {path} and run again to make it again."
    try:
        table = pq.read_table(path, partitioning=None)
        metadata = metadata_of(table.schema)
        found = checksum_of_rows(path, table, metadata)
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        raise UserError(f"{path}: damaged or truncated ({error!s:.200}). {redo}") from None
    if metadata.get(CHECKSUM, None if strict else found) != found:
        raise UserError(
            f"{path}: damaged: its content has changed since it was made, or it is that of another "
            f"product. {redo}"
        )
    return metadata


def replace_metadata(path: Path, metadata: Mapping[str, Any]) -> None:
    """Replace the metadata of a Parquet file; rows, row groups and compression do not change.

    Raises:
        OSError: the file cannot be read or written.
    """
    file = pq.ParquetFile(path)
    groups = [file.read_row_group(index) for index in range(file.num_row_groups)]
    codec = file.metadata.row_group(0).column(0).compression if groups else "SNAPPY"
    codec = "NONE" if codec == "UNCOMPRESSED" else codec
    schema = with_metadata(file.schema_arrow, metadata)
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression=codec) as writer,
    ):
        for group in groups:
            writer.write_table(group.cast(schema), row_group_size=max(1, group.num_rows))
