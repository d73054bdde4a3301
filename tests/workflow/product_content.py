"""The content of products that two runs must have in common: all of it but durations and memory."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from xstilts.schema_metadata import metadata_of

if TYPE_CHECKING:
    from checkout import Checkout

MEASURED = {"seconds", "peak_memory", "resumed_at"}
"""Columns, metadata and facts that differ from run to run."""
DERIVED = {"checksum", "history.parquet"}
"""Checksums of what contains measured values: of a product's own file, and of a stage's history."""
SHOWN = ("report.html", "figures/cost.")
"""Files that show durations."""


def contents(checkout: Checkout) -> dict[str, Any]:
    """Return name to content of all products of a study, without what was measured."""
    files = checkout.files().items()
    return {name: _content(name, data) for name, data in files if not name.startswith(SHOWN)}


def _content(name: str, data: bytes) -> Any:
    if name.endswith(".parquet"):
        table = pq.read_table(io.BytesIO(data))
        metadata = _without_measured(metadata_of(table.schema))
        table = table.drop_columns([column for column in table.column_names if column in MEASURED])
        # NaN differs from itself, its text does not
        return repr(table.to_pydict()), str(table.schema.remove_metadata()), metadata
    if name.endswith(".json"):
        return _without_measured(json.loads(data))
    if name.endswith(".csv"):
        return _without_measured(list(csv.DictReader(io.StringIO(data.decode()))))
    return data


def _without_measured(value: Any) -> Any:
    if isinstance(value, dict):
        kept = value.keys() - MEASURED - DERIVED
        return {key: _without_measured(item) for key, item in value.items() if key in kept}
    if isinstance(value, list):
        return [_without_measured(item) for item in value]
    return value


def assert_equal(after: dict[str, Any], before: dict[str, Any]) -> None:
    """Compare what :func:`contents` returned."""
    assert sorted(after.keys() ^ before.keys()) == []
    assert not [name for name in before if before[name] != after[name]]
