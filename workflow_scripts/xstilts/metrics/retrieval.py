"""Scores of retrieval predictions, for the protocol's layer and for all layers."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.metrics.checks import invalid, require_rows, require_unique
from xstilts.metrics.top1 import top1_accuracy

if TYPE_CHECKING:
    import pyarrow as pa


def score(predictions: pa.Table, layer: int) -> dict[str, float]:
    """``accuracy`` of the protocol's layer and ``accuracy@layerN`` of each layer N, 0-100.

    Args:
        predictions: columns ``id`` (query), ``layer`` (0 = embeddings), ``gold`` (ids of the right
            candidates) and ``prediction`` (id of the nearest candidate); one row per query and
            layer.
        layer: the layer that the protocol prescribes.

    Raises:
        UserError: no rows, a missing layer, a query that occurs twice in a layer or is missing
            from one, or a query without a right candidate.
    """
    require_rows(predictions.num_rows)
    by_layer: dict[int, list[tuple[str, list[str], str]]] = defaultdict(list)
    columns = (predictions[name].to_pylist() for name in ("layer", "id", "gold", "prediction"))
    for number, query, right, nearest in zip(*columns, strict=True):
        if not right:
            raise invalid(query, "the query has no right candidate")
        by_layer[number].append((query, right, nearest))
    if layer not in by_layer:
        raise UserError(
            f"no predictions from layer {layer}, which the protocol prescribes; the table has "
            f"layers {', '.join(map(str, sorted(by_layer)))}. Choose one of them, or predict again."
        )
    queries = {query for query, _, _ in by_layer[layer]}
    sweep = {}
    for number, rows in sorted(by_layer.items()):
        ids, gold, nearest_ids = zip(*rows, strict=True)
        require_unique(ids)
        if odd := queries.symmetric_difference(ids):
            raise invalid(min(odd), f"the query is in one of layers {layer} and {number} only")
        sweep[f"accuracy@layer{number}"] = top1_accuracy(gold, nearest_ids)
    return {"accuracy": sweep[f"accuracy@layer{layer}"], **sweep}
