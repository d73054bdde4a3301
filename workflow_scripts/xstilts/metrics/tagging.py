"""Scores of token tag predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.metrics.checks import invalid, require_rows, require_unique
from xstilts.metrics.chunks import chunk_scores, token_accuracy

if TYPE_CHECKING:
    import pyarrow as pa


def score(predictions: pa.Table) -> dict[str, float]:
    """Chunk ``f1``, ``precision`` and ``recall``, and ``token_accuracy``, 0-100.

    Args:
        predictions: columns ``id``, ``gold`` and ``prediction`` (one tag per token each).

    Raises:
        UserError: no rows or tokens, an id that occurs twice, or a sentence with an empty tag or
            different numbers of predicted and gold tags (the official script does not notice the
            latter, and scores every later chunk of the file wrong).
    """
    require_rows(predictions.num_rows)
    ids = predictions["id"].to_pylist()
    gold, predicted = predictions["gold"].to_pylist(), predictions["prediction"].to_pylist()
    require_unique(ids)
    for example, right, tags in zip(ids, gold, predicted, strict=True):
        if len(right) != len(tags):
            raise invalid(example, f"{len(tags)} predicted tags for {len(right)} tokens")
        if not all((*right, *tags)):
            raise invalid(example, "a tag is empty")
    require_rows(sum(map(len, gold)))
    chunks = chunk_scores(gold, predicted)
    return {
        "f1": chunks.f1,
        "precision": chunks.precision,
        "recall": chunks.recall,
        "token_accuracy": token_accuracy(gold, predicted),
    }
