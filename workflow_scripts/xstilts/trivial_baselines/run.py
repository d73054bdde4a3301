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
"""Maximum number of training examples over all sets: word counts need no more, and a large training
set would take minutes."""

TRIVIAL_BASELINE_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("target", "language", "baseline")),
        # which parts of an example it sees: "all", "part", or only "numbers" of words
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
    """Score the trivial baselines: a row per baseline and language, in ``TRIVIAL_BASELINE_SCHEMA``.

    Args:
        train: Parquet files of the target's training sets; empty if the target is not trained.
        evaluated: language to Parquet file.
        target: name of the target in the rows.
        kind: of the target.
        metric: the target's headline metric.
        scorer: the task's own metric module; empty for that of the kind.
        max_train_examples: maximum number of each training set's first examples; 0 is no limit.
    """
    module = load("trivial_baselines", kind)
    limit = min(max_train_examples or MAX_TRAIN, MAX_TRAIN // max(1, len(train)))
    known = [row for path in train for row in _first(path, limit)]
    examples = {language: pq.read_table(path).to_pylist() for language, path in evaluated.items()}
    records = []
    for view, sees in module.VIEWS.items():
        # some views do not apply to all tasks of a kind
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
    return pa.Table.from_pylist(records, schema=TRIVIAL_BASELINE_SCHEMA)


def _first(path: Path, limit: int) -> list[Row]:
    """The first examples of a data set."""
    found: list[Row] = []
    for batch in pq.ParquetFile(path).iter_batches(limit):
        found += batch.to_pylist()
        if len(found) >= limit:
            break
    return found[:limit]


def _table(kind: Kind, predictions: list[Row]) -> pa.Table:
    """Predictions as a table, with those columns of their kind's schema that they have."""
    schema = PREDICTION_SCHEMAS[kind]
    fields = [schema.field(name) for name in schema.names if name in predictions[0]]
    return pa.Table.from_pylist(predictions, schema=pa.schema(fields))
