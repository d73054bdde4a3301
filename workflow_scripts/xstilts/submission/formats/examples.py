"""The answers of one task in one language, gold beside predicted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """Gold and predictions in the same order; what one answer is depends on the format."""

    gold: list[Any]
    predictions: list[Any]
    ids: list[str] = field(default_factory=list)
    """Ids in the same order, for formats that have them."""
    warnings: list[str] = field(default_factory=list)
    """What was odd in the files but has an official meaning, such as an id that occurs twice."""

    @property
    def num_examples(self) -> int:
        """How many answers the score is a mean of."""
        return len(self.gold)
