"""Scores predictions by the metrics of their kind of task.

The module of a kind is found by name (``xstilts.features``): scores of one kind do not depend on
the code of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.features import load
from xstilts.kinds import EMBEDDING_KINDS

if TYPE_CHECKING:
    import pyarrow as pa


def score(
    kind: str,
    predictions: pa.Table,
    layer: int | None = None,
    *,
    scorer: str = "",
    language: str = "",
) -> dict[str, float]:
    """Values (0-100) by metric name, over the predictions for one language.

    Args:
        kind: kind of the task.
        predictions: table in the kind's schema (``xstilts.results.schema``).
        layer: layer that the protocol prescribes; only for kinds that compare sentence vectors.
        scorer: the task's own module, which also takes the language.
        language: language of the predictions.

    Raises:
        UserError: the predictions cannot be scored; names the example, not the file.
    """
    if (layer is None) == (kind in EMBEDDING_KINDS):
        raise ValueError(f"layer is for retrieval, and needed there: kind {kind}, layer {layer}")
    module = load("metrics", scorer or kind)
    further = [value for value, given in ((layer, layer is not None), (language, scorer)) if given]
    scores: dict[str, float] = module.score(predictions, *further)
    return scores
