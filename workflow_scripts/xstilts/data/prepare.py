"""Writes examples in the schema of their kind, with a digest of their content."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.data.clusters import CLUSTER, cluster_of
from xstilts.data.schemas import SCHEMAS
from xstilts.errors import UserError, suggestion
from xstilts.files import atomic_path
from xstilts.identity import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from xstilts.kinds import Kind, Row

BATCH = 10_000
"""Examples in memory at a time, and per row group."""


def write_examples(
    rows: Iterable[Row], kind: Kind, labels: list[str], out: Path, where: str
) -> dict[str, Any]:
    """Write a data set; returns ``rows``, ``content`` (digest) and counts of labels and queries.

    The digest is of what a model may see, so that another Parquet writer or another column
    ``cluster`` changes nothing.

    Args:
        rows: examples in the schema of ``kind``.
        kind: kind of task.
        labels: accepted label names; empty for kinds without labels, and where the data define
            them.
        out: the Parquet file.
        where: the source, for error messages.

    Raises:
        UserError: no example at all, an unknown label, or a row that does not fit the schema.
    """
    schema, hasher, count, queries = SCHEMAS[kind], hashlib.sha256(), 0, 0
    seen: dict[str, int] = {}
    iterator = iter(rows)
    with atomic_path(out) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        while batch := list(itertools.islice(iterator, BATCH)):
            for row in batch:
                seen_by_models = {key: row[key] for key in row if key != CLUSTER}
                hasher.update(canonical(seen_by_models).encode())
                hasher.update(b"\n")
                _count_labels(row, kind, labels, seen, where)
            clustered = [row | {CLUSTER: cluster_of(kind, row)} for row in batch]
            try:
                writer.write_table(pa.Table.from_pylist(clustered, schema=schema))
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise UserError(f"{where}: examples do not fit kind {kind!r}: {error}") from None
            count += len(batch)
            queries += sum(row.get("side") == "query" for row in batch)
        if not count:
            raise UserError(f"{where}: no examples.")
    facts = {"rows": count, "content": hasher.hexdigest()[:32]}
    facts |= {"queries": queries} if queries else {}
    return facts | {"labels": dict(sorted(seen.items()))}


def _count_labels(
    row: Row, kind: Kind, labels: list[str], seen: dict[str, int], where: str
) -> None:
    found = [row["label"]] if kind == "classification" else row.get("tags", [])
    for label in found:
        if label not in labels and (labels or not label):
            raise UserError(
                f"{where}: example {row['id']!r} has the unknown label {label!r}."
                f"{suggestion(label, labels)}"
            )
        seen[label] = seen.get(label, 0) + 1
