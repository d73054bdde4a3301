"""The kinds of task, the splits of a data set and the type of an example, which all parts share."""

from __future__ import annotations

from typing import Any, Literal

Kind = Literal[
    "classification",
    "span",
    "tagging",
    "multiple_choice",
    "retrieval",
    "mining",
    "ranking",
    "mlm",
]
EMBEDDING_KINDS = frozenset({"retrieval", "mining", "ranking"})
"""Kinds that compare sentence vectors: those of a trained head, or, without one, of the layer that
the protocol prescribes."""
TRIVIAL_BASELINE_KINDS = frozenset(
    {"classification", "multiple_choice", "retrieval", "span", "tagging"}
)
"""Kinds that have trivial baselines without a model (``xstilts.trivial_baselines``)."""
Split = Literal["train", "validation", "test"]
Row = dict[str, Any]
"""One example in the schema of its kind (``xstilts.data.schemas``)."""
