"""Scores of ranked candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.metrics.checks import invalid, require_rows, require_unique
from xstilts.metrics.ranks import mean_average_precision, mean_reciprocal_rank
from xstilts.metrics.top1 import top1_accuracy

if TYPE_CHECKING:
    import pyarrow as pa

RANKS = 20


def score(predictions: pa.Table, layer: int) -> dict[str, float]:
    """``map_at_20``, ``mrr_at_20`` and ``accuracy`` (of the first candidate), 0-100.

    With one right candidate the first two are equal; Mewsli-X calls that number map@20.

    Args:
        predictions: columns of the schema "ranking".
        layer: the layer that the protocol prescribes.

    Raises:
        UserError: no rows, another layer, a query that occurs twice or has no right candidate, or
            no candidate at all.
    """
    require_rows(predictions.num_rows)
    layers = sorted(set(predictions["layer"].to_pylist()))
    if layers != [layer]:
        raise UserError(
            f"candidates ranked at layer {', '.join(map(str, layers))}, but the protocol "
            f"prescribes {layer}. Predict again."
        )
    ids, gold = predictions["id"].to_pylist(), predictions["gold"].to_pylist()
    ranked = predictions["prediction"].to_pylist()
    require_unique(ids)
    for query, right, candidates in zip(ids, gold, ranked, strict=True):
        if not right:
            raise invalid(query, "the query has no right candidate")
        if not candidates:
            raise invalid(query, "no candidate was ranked")
    return {
        "map_at_20": mean_average_precision(gold, ranked, RANKS),
        "mrr_at_20": mean_reciprocal_rank(gold, ranked, RANKS),
        "accuracy": top1_accuracy(gold, [candidates[0] for candidates in ranked]),
    }
