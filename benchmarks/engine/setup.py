"""The settings of one implementation of one workload: plain values, sent to its process as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The settings of a worker."""

    workload: str
    way: str
    """``ours`` with or without -compiled, -transformers or -unpruned; trainer-default or -best;
    peak."""
    precision: Literal["fp32", "bf16"]
    device: str
    threads: int
    layers: int
    width: int
    vocab: int
    distinct_tokens: int
    """Different tokens in a training set: the rows that vocabulary pruning keeps."""
    steps: int
    """Steps of a round over all tasks, which have equal shares."""
    examples: int
    """Examples per language in evaluation."""
    max_tokens: int
    model: str = ""
    """Folder of a checkpoint to start from; empty for random weights of XLM-R's architecture."""
    part: int = 0
    """Index of the task, for implementations that train on a single task."""

    @property
    def heads(self) -> int:
        """Number of attention heads, each of dimension 64."""
        return self.width // 64

    @property
    def shape(self) -> dict[str, int]:
        """Shape of the layers."""
        return {"width": self.width, "inner": 4 * self.width, "layers": self.layers}

    @property
    def architecture(self) -> dict[str, int | float]:
        """The encoder's settings, as ``build_encoder`` takes them."""
        return {
            "vocab_size": self.vocab,
            "hidden_size": self.width,
            "num_layers": self.layers,
            "num_heads": self.heads,
            "intermediate_size": 4 * self.width,
            "max_length": 512,
            "dropout": 0.1,
        }
