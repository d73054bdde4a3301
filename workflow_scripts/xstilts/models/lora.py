"""Which low-rank adapters (LoRA) are trained, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Lora:
    """Adapters of low rank, which are trained in place of the weights beside them."""

    rank: int
    alpha: float
    """What an adapter adds counts ``alpha / rank`` times."""
    dropout: float
    """Of an adapter's input."""
    modules: Literal["all-linear"] | Sequence[str]
    """Linear layers that get an adapter."""
    merge: bool
    """Whether the trained adapters are added to the weights, or written apart."""
    quantise: Literal["4bit", "8bit"] | None = None
    """How the frozen weights are kept; in fp32 if not given."""
