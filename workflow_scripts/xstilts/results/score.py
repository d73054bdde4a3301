"""Scoring: from prediction files to result rows, without a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xstilts.errors import UserError, unknown
from xstilts.files import atomic_path
from xstilts.metrics.by_kind import score
from xstilts.metrics.trivial import trivial_metrics
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.results.schema import RESULT_SCHEMA
from xstilts.schema_metadata import metadata_of, with_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from xstilts.kinds import Kind

COMMON_FIELDS = frozenset(
    {
        "study",
        "model",
        "strategy",
        "chain",
        "target",
        "split",
        "seed",
        "protocol",
        "identity_code",
    }
)
"""Fields of a result row that are the same in all rows of a file; the caller passes them."""

_METADATA_FIELDS = ("model", "data", "versions", "seconds", "device")
_REDO = "Delete the file to have it predicted again."


def read_predictions(path: Path, kind: Kind) -> tuple[pa.Table, dict[str, Any]]:
    """Read the predictions of one language in the schema of their kind, and their metadata.

    Args:
        path: Parquet file with schema metadata (``xstilts.schema_metadata``).
        kind: kind of the task.

    Raises:
        UserError: the file is missing, truncated, of another kind, or lacks the metadata.
    """
    try:
        table = pq.read_table(path, partitioning=None)
    except FileNotFoundError:
        raise UserError(f"{path}: no such prediction file.") from None
    except pa.ArrowInvalid as error:
        raise UserError(f"{path}: not a Parquet file ({error}). {_REDO}") from None
    schema = PREDICTION_SCHEMAS[kind]
    metadata = metadata_of(table.schema)
    if absent := [field for field in _METADATA_FIELDS if field not in metadata]:
        raise UserError(f"{path}: the metadata lack {', '.join(absent)}. {_REDO}")
    if absent := [name for name in schema.names if name not in table.column_names]:
        raise UserError(
            f"{path}: {kind} predictions need the columns {', '.join(schema.names)}; missing: "
            f"{', '.join(absent)} (the file has {', '.join(table.column_names)}). {_REDO}"
        )
    try:
        table = table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise UserError(f"{path}: not {kind} predictions ({error}). {_REDO}") from None
    for name in schema.names:
        if not _is_finite(table.column(name)):
            raise UserError(
                f"{path}: NaN or infinite values in the column {name}, so these scores would mean "
                "nothing. The model's weights are damaged, or its precision is too low: delete the "
                "file and predict again, with `prediction_precision: fp32` if need be."
            )
    return table, metadata


def _is_finite(column: pa.ChunkedArray) -> bool:
    """Return False if a column of numbers, or of lists of numbers, has NaN or infinite values."""
    while pa.types.is_list(column.type):
        column = pc.list_flatten(column)
    if not pa.types.is_floating(column.type):
        return True
    return pc.all(pc.is_finite(column), skip_nulls=True, min_count=0).as_py()


def _language_rows(
    path: Path, kind: Kind, headline: str, layer: int | None, scorer: str, language: str
) -> Iterator[dict[str, Any]]:
    """Yield one row per metric of one language, without the common fields."""
    predictions, metadata = read_predictions(path, kind)
    try:
        scores = score(kind, predictions, layer, scorer=scorer, language=language)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if headline not in scores:
        raise unknown(f"metric of {kind} tasks", headline, scores, str(path))
    # a retrieval file repeats each query for each layer; a mining file also has the tuning part
    if "part" in predictions.column_names:
        predictions = predictions.filter(pc.field("part") == "evaluated")
    examples = len(set(predictions["id"].to_pylist()))
    for metric, value in (scores | trivial_metrics(kind, predictions)).items():
        yield {
            "metric": metric,
            "value": value,
            "n": examples,
            "headline": metric == headline,
            "identity_model": metadata["model"],
            "identity_data": metadata["data"],
            "versions": json.dumps(metadata["versions"], sort_keys=True),
            "seconds": metadata["seconds"],
            "device": metadata["device"],
        }


def score_predictions(
    files: Mapping[str, Path],
    kind: Kind,
    headline: str,
    layer: int | None,
    common: Mapping[str, Any],
    out: Path,
    metadata: Mapping[str, Any],
    scorer: str = "",
) -> None:
    """Write the result rows of one (model, strategy, target, seed), one per language and metric.

    Args:
        files: language to its prediction file; the rows keep this order.
        kind: kind of the task.
        headline: the target's headline metric.
        layer: layer that the protocol prescribes, for kinds that compare sentence vectors; else
            None.
        common: ``COMMON_FIELDS`` of the result rows.
        out: Parquet file in ``RESULT_SCHEMA``, written atomically.
        metadata: schema metadata of the file: identity and its digest.
        scorer: the task's own metric module; empty for that of the kind.

    Raises:
        UserError: a prediction file is missing or cannot be scored; names the file and the example.
    """
    if set(common) != COMMON_FIELDS:
        raise ValueError(f"common has {sorted(common)}, not {sorted(COMMON_FIELDS)}")
    rows = [
        {**common, "language": language, **row}
        for language, path in files.items()
        for row in _language_rows(path, kind, headline, layer, scorer, language)
    ]
    table = pa.Table.from_pylist(rows, schema=with_metadata(RESULT_SCHEMA, metadata))
    with atomic_path(out) as temporary:
        pq.write_table(table, temporary)
