"""The hidden state that sentence vectors come from."""

from __future__ import annotations


def layer_at(depth: float, num_layers: int) -> int:
    """Index into the hidden states (0 = embeddings) at a fraction of the layers; at least 1."""
    return min(num_layers, max(1, round(depth * num_layers)))
