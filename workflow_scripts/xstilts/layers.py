"""The hidden state that sentence vectors come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Depth = float | Mapping[str, Any]
"""A fraction of the layers; or with ``fraction`` and ``published``, the published hidden states by
number of layers (as text), to which the fraction is the fallback."""


def layer_at(depth: Depth, num_layers: int) -> int:
    """Index into the hidden states (0 = embeddings) of a model at a depth; at least 1."""
    if isinstance(depth, Mapping):
        if (published := depth["published"].get(str(num_layers))) is not None:
            return int(published)
        depth = depth["fraction"]
    assert not isinstance(depth, Mapping)
    return min(num_layers, max(1, round(depth * num_layers)))
