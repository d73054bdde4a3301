"""The trivial baselines of a target: trained on its training set, scored by the official metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.features import load
from xstilts.metrics.by_kind import score
from xstilts.prediction.schemas import PREDICTION_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xstilts.kinds import Kind, Row

MAX_TRAIN = 5_000
"""Training examples that a baseline reads of all sets: counts of words need no more, and a large
training set would cost minutes."""

BASELINE_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("target", "language", "baseline")),
        # what of an example it sees: all, or a part
        ("sees", pa.string()),
        ("metric", pa.string()),
        # 0-100
        ("value", pa.float64()),
        # number of evaluated and of training examples
        *((name, pa.int64()) for name in ("n", "num_train")),
    ]
)


def baseline_rows(
    train: Sequence[Path],
    evaluated: Mapping[str, Path],
    *,
    target: str,
    kind: Kind,
    metric: str,
    scorer: str,
    max_train_examples: int,
) -> pa.Table:
    """A row per baseline and language, in ``BASELINE_SCHEMA``.

    Args:
        train: Parquet files of the target's training sets; none for one without training.
        evaluated: language to Parquet file.
        target: name for the rows.
        kind: of the target.
        metric: the target's headline metric.
        scorer: the task's own module of metrics; empty for that of the kind.
        max_train_examples: the first so many of each training set; 0 is all.
    """
    module = load("trivial_baselines", kind)
    limit = min(max_train_examples or MAX_TRAIN, MAX_TRAIN // max(1, len(train)))
    known = [row for path in train for row in _first(path, limit)]
    examples = {language: pq.read_table(path).to_pylist() for language, path in evaluated.items()}
    records = []
    for view, sees in module.VIEWS.items():
        # a kind says so where not every view makes sense for all of its tasks
        if hasattr(module, "fits") and not module.fits(view, next(iter(examples.values()))[0]):
            continue
        baseline = module.Baseline(view, known)
        for language, rows in examples.items():
            predictions = _table(kind, baseline.predict(rows))
            layer = getattr(module, "LAYER", None)
            scores = score(kind, predictions, layer, scorer=scorer, language=language)
            records.append(
                {
                    "target": target,
                    "language": language,
                    "baseline": view,
                    "sees": sees,
                    "metric": metric,
                    "value": scores[metric],
                    "n": predictions.num_rows,
                    "num_train": len(known),
                }
            )
    return pa.Table.from_pylist(records, schema=BASELINE_SCHEMA)


def _first(path: Path, limit: int) -> list[Row]:
    """The first examples of a data set."""
    found: list[Row] = []
    for batch in pq.ParquetFile(path).iter_batches(limit):
        found += batch.to_pylist()
        if len(found) >= limit:
            break
    return found[:limit]


def _table(kind: Kind, predictions: list[Row]) -> pa.Table:
    """Predictions with the columns that they have of their kind's schema."""
    schema = PREDICTION_SCHEMAS[kind]
    fields = [schema.field(name) for name in schema.names if name in predictions[0]]
    return pa.Table.from_pylist(predictions, schema=pa.schema(fields))
