"""The metrics of a kind of task.

The module of a kind is found by name: scores of one kind do not depend on the code of another.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from xstilts.errors import unknown

if TYPE_CHECKING:
    import pyarrow as pa

SCORED_KINDS = ("classification", "multiple_choice", "retrieval", "span", "tagging")


def module_of(kind: str) -> str:
    """Full name of the module that scores a kind: the entry of its code fingerprint.

    Raises:
        UserError: predictions of this kind are not scored.
    """
    if kind not in SCORED_KINDS:
        raise unknown("kind of task with metrics", kind, SCORED_KINDS, "kind")
    return f"xstilts.metrics.{kind}"


def score(kind: str, predictions: pa.Table, layer: int | None = None) -> dict[str, float]:
    """Metric name to value (0-100) over the predictions for one language.

    Args:
        kind: kind of the task.
        predictions: table in the kind's schema (``xstilts.results.schema``).
        layer: layer that the protocol prescribes; for retrieval, and only there.

    Raises:
        UserError: the predictions cannot be scored; names the example, not the file.
    """
    if (layer is None) == (kind == "retrieval"):
        raise ValueError(f"layer is for retrieval, and needed there: kind {kind}, layer {layer}")
    module = importlib.import_module(module_of(kind))
    scores: dict[str, float] = (
        module.score(predictions) if layer is None else module.score(predictions, layer)
    )
    return scores
