"""Clusters of examples that are not independent of each other: premise, paragraph, document.

The column ``cluster`` names them. No model sees it, so it is not part of the content digest of a
data set, and data sets that were made before the column are used as well: their texts say the same.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xstilts.kinds import Kind

CLUSTER = "cluster"
"""Column of the data schema with the name of an example's cluster; null if it has none."""

_TEXTS: Mapping[str, str] = {
    "classification": "text_a",
    "span": "context",
    "multiple_choice": "context",
    "retrieval": "text",
}
"""Kind to the column whose text several examples may share."""
_SHORTEST = 4
"""Fewer characters, such as PAWS-X's ``NS`` for a failed translation, name nothing."""
_QUERY = "query"


def cluster_of(kind: Kind, row: Mapping[str, Any]) -> str | None:
    """Return the name of an example's cluster; None if the example is alone.

    It is the one that the reader found in the release (documents of a treebank), or that of the
    text that the example shares with others: the premise or first sentence of a pair, the paragraph
    of a question, the query of a retrieval task, or the right candidate of a ranked query. Names
    have the same meaning in all languages of a data set.

    Args:
        kind: kind of the task.
        row: the example.
    """
    if found := row.get(CLUSTER):
        return str(found)
    if row.get("side", _QUERY) != _QUERY or (kind == "classification" and row["text_b"] is None):
        return None
    if kind == "ranking":
        return row["matches"][0] if row["matches"] else None
    text = row[_TEXTS[kind]].strip() if kind in _TEXTS else ""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if len(text) >= _SHORTEST else None


def read_clusters(path: Path, kind: Kind) -> dict[str, str | None]:
    """Return the cluster of each evaluated example of a data set, by id.

    Args:
        path: Parquet file in the schema of ``kind``, with or without the column.
        kind: kind of the task.
    """
    names = pq.read_schema(path).names
    texts = () if CLUSTER in names else ("text_b", "matches", _TEXTS.get(kind, ""))
    used = [name for name in ("id", "side", CLUSTER, *texts) if name in names]
    rows = pq.read_table(path, columns=used, partitioning=None).to_pylist()
    return {
        row["id"]: row[CLUSTER] if CLUSTER in row else cluster_of(kind, row)
        for row in rows
        if row.get("side", _QUERY) == _QUERY
    }
