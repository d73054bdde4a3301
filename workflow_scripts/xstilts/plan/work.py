"""Work of a job: floating-point operations, steps and tokens.

Per token in a sequence of ``s`` tokens, an encoder with ``N`` weights in ``L`` layers and attention
heads of total width ``a`` needs

* ``2 N + 4 L a s`` operations in the forward pass (a multiplication and an addition per weight;
  scores and weighted sums of the attention);
* three times that in training, since the backward pass takes twice the forward pass (Kaplan et al.
  2020: 6 N); four times with ``gradient_checkpointing``, which repeats the forward pass.

Embeddings are looked up, not multiplied. Heads are negligible except in masked language modelling,
which multiplies each masked token with the whole vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.models.shape import EncoderShape


def training_factor(runtime: Mapping[str, Any]) -> int:
    """Return the cost of a training step in forward passes."""
    return 4 if runtime.get("gradient_checkpointing") else 3


@dataclass(frozen=True, slots=True)
class Work:
    """Work of a job."""

    flops: float
    units: float
    """Optimiser steps of a training; files of a prediction."""
    tokens: float = 0.0
    """Tokens, without padding."""

    def __add__(self, other: Work) -> Work:
        return Work(self.flops + other.flops, self.units + other.units, self.tokens + other.tokens)


def forward_flops(shape: EncoderShape, tokens: float, length: float) -> float:
    """Return the forward operations of the encoder on tokens in sequences of a mean length."""
    attention = 4.0 * shape.layers * shape.attention_width * length
    return tokens * (2.0 * shape.matrices + attention)


def masked_flops(shape: EncoderShape, tokens: float, probability: float) -> float:
    """Return the forward operations of the MLM head; ``probability`` of the tokens are masked."""
    dense = 2.0 * shape.width * (shape.width + shape.vocabulary)
    return tokens * probability * dense
