"""How much a job computes: floating-point operations, and the small things that it repeats.

Of a token in a sequence of ``s`` tokens, an encoder with ``N`` weights in its layers, ``L`` layers
and heads of together ``a`` numbers takes

* ``2 N + 4 L a s`` operations forward (a multiplication and an addition per weight; scores and sums
  of the attention);
* three times that in training, since the backward pass takes twice the forward pass (Kaplan et al.
  2020: 6 N); four times with ``gradient_checkpointing``, which goes forward again.

Embeddings are looked up and not multiplied. Heads are small but for masked language modelling,
which multiplies each masked token with the whole vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.models.shape import EncoderShape


def training_factor(runtime: Mapping[str, Any]) -> int:
    """Forward passes that a training step is worth, by how the stage is run."""
    return 4 if runtime.get("gradient_checkpointing") else 3


@dataclass(frozen=True, slots=True)
class Work:
    """What a job does."""

    flops: float
    units: float
    """Optimiser steps of a training; files of a prediction."""
    tokens: float = 0.0
    """Tokens, without padding."""

    def __add__(self, other: Work) -> Work:
        return Work(self.flops + other.flops, self.units + other.units, self.tokens + other.tokens)


def forward_flops(shape: EncoderShape, tokens: float, length: float) -> float:
    """Operations of the encoder on so many tokens in sequences of this length."""
    attention = 4.0 * shape.layers * shape.attention_width * length
    return tokens * (2.0 * shape.matrices + attention)


def masked_flops(shape: EncoderShape, tokens: float, probability: float) -> float:
    """Operations forward of the head that predicts masked tokens, a share of all."""
    dense = 2.0 * shape.width * (shape.width + shape.vocabulary)
    return tokens * probability * dense
