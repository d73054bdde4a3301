"""Prefixes of sentences, which some encoders expect before every text that they embed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_prefixed(data: Path, out: Path, prefixes: Mapping[str, str]) -> None:
    """Copy a data set of sentences on several sides, with a prefix before each text.

    Args:
        data: Parquet file with the columns ``side`` and ``text``.
        out: Parquet file to write, with the same schema.
        prefixes: text before the sentences of each side.

    Raises:
        KeyError: a side of the data has no prefix.
    """
    file = pq.ParquetFile(data)
    with pq.ParquetWriter(out, file.schema_arrow) as writer:
        for batch in file.iter_batches():
            sides, texts = (batch.column(name).to_pylist() for name in ("side", "text"))
            prefixed = [prefixes[side] + text for side, text in zip(sides, texts, strict=True)]
            field = batch.schema.field("text")
            columns = batch.columns
            columns[batch.schema.get_field_index("text")] = pa.array(prefixed, field.type)
            writer.write_batch(pa.record_batch(columns, schema=batch.schema))
