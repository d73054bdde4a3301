"""The gold and predicted answers of one task in one language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """Gold and predictions in the same order; the type of an answer depends on the format."""

    gold: list[Any]
    predictions: list[Any]
    ids: list[str] = field(default_factory=list)
    """Ids in the same order, for formats that have them."""
    missing: int = 0
    """Number of examples without a prediction, which score 0."""
    warnings: list[str] = field(default_factory=list)
    """Oddities of the files that have an official meaning, such as an id that occurs twice."""

    @property
    def num_examples(self) -> int:
        """Number of answers that the score is a mean of."""
        return len(self.gold)
