"""Evaluation protocols as data: choices that published numbers hide in code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProtocolName = Literal["recommended", "xtreme-2020", "jiant-2020"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Protocol:
    """How a finished model is turned into a number."""

    pooling: Literal["mean", "mean_no_special", "cls"]
    """What a sentence vector is the mean of: all pieces, all but the special ones, or the first."""
    retrieval_depth: float
    """Hidden state used for retrieval, as a share of the layers; XLM-R large's published layer is
    hidden state 14 of 24."""
    n_best: int
    """Start and end positions considered per window in span decoding."""
    max_answer_length: int
    """Longest answer in word pieces."""

    def retrieval_layer(self, num_layers: int) -> int:
        """Index into the hidden states (0 = embeddings) of a model with ``num_layers`` layers."""
        return min(num_layers, max(1, round(self.retrieval_depth * num_layers)))


PROTOCOLS: dict[str, Protocol] = {
    # google-research/xtreme: run_tatoeba.sh layer 13 of the last 24 = hidden state 14; mean pooling
    # over all pieces, special ones included
    "xtreme-2020": Protocol(
        pooling="mean", retrieval_depth=14 / 24, n_best=20, max_answer_length=30
    ),
    # jiant: layer 14 of hidden_states, mean pooling: the same tensor by another name
    "jiant-2020": Protocol(
        pooling="mean", retrieval_depth=14 / 24, n_best=20, max_answer_length=30
    ),
    # As xtreme-2020, without the special pieces, which carry no meaning of the sentence
    "recommended": Protocol(
        pooling="mean_no_special", retrieval_depth=14 / 24, n_best=20, max_answer_length=30
    ),
}
