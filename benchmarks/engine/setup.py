"""One way of computing one workload: plain values, which travel to a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a worker computes."""

    workload: str
    way: str
    """ours, ours-compiled, trainer-default, trainer-best or peak."""
    precision: Literal["fp32", "bf16"]
    device: str
    threads: int
    layers: int
    width: int
    vocab: int
    num_tokens: int
    """Different tokens of a training set."""
    steps: int
    """Of a round, all tasks together; as many of each of two."""
    examples: int
    """Of each language, in evaluation."""
    max_tokens: int
    part: int = 0
    """Which task of the workload, for ways that train on one alone."""

    @property
    def heads(self) -> int:
        """Attention heads, of 64 numbers each."""
        return self.width // 64

    @property
    def shape(self) -> dict[str, int]:
        """Of the layers."""
        return {"width": self.width, "inner": 4 * self.width, "layers": self.layers}

    @property
    def architecture(self) -> dict[str, int | float]:
        """As xstilts builds it."""
        return {
            "vocab_size": self.vocab,
            "hidden_size": self.width,
            "num_layers": self.layers,
            "num_heads": self.heads,
            "intermediate_size": 4 * self.width,
            "max_length": 512,
            "dropout": 0.1,
        }
