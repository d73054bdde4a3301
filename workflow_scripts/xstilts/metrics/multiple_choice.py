"""Scores of multiple-choice predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.metrics.accuracy import accuracy
from xstilts.metrics.checks import require_rows, require_unique

if TYPE_CHECKING:
    import pyarrow as pa


def score(predictions: pa.Table) -> dict[str, float]:
    """``accuracy``, 0-100: share of the examples whose predicted choice is the right one.

    Source: google-research/xtreme ``evaluate.py`` (XCOPA: accuracy of the numbers).

    Args:
        predictions: columns ``id``, ``gold`` and ``prediction`` (numbers of choices).

    Raises:
        UserError: no rows, or an id occurs twice.
    """
    require_rows(predictions.num_rows)
    require_unique(predictions["id"].to_pylist())
    gold, predicted = (map(str, predictions[name].to_pylist()) for name in ("gold", "prediction"))
    return {"accuracy": accuracy(list(gold), list(predicted))}
