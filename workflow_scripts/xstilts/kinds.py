"""Task kinds, splits and the type of an example, shared by all packages."""

from __future__ import annotations

from typing import Any, Literal

ExampleKind = Literal[
    "classification",
    "span",
    "tagging",
    "multiple_choice",
    "retrieval",
    "mining",
    "ranking",
]
"""Kinds of data sets with examples; those of ``mlm`` are text."""
Kind = ExampleKind | Literal["mlm"]
EMBEDDING_KINDS = frozenset({"retrieval", "mining", "ranking"})
"""Kinds that compare sentence vectors: from a trained head, or from the layer that the protocol
prescribes."""
Split = Literal["train", "validation", "test"]
Row = dict[str, Any]
"""One example in the schema of its kind (``xstilts.data.schemas``)."""
