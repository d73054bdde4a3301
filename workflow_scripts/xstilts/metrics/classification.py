"""Scores of classification predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.metrics.accuracy import accuracy
from xstilts.metrics.checks import require_rows, require_unique

if TYPE_CHECKING:
    import pyarrow as pa


def score(predictions: pa.Table) -> dict[str, float]:
    """``accuracy``, 0-100.

    Args:
        predictions: columns ``id``, ``gold`` and ``prediction`` (label names).

    Raises:
        UserError: no rows, or an id occurs twice.
    """
    require_rows(predictions.num_rows)
    require_unique(predictions["id"].to_pylist())
    gold, predicted = predictions["gold"].to_pylist(), predictions["prediction"].to_pylist()
    return {"accuracy": accuracy(gold, predicted)}
