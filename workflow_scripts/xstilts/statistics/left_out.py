"""Claims about strategies and targets that a study leaves out for lack of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xstilts.config.section import Section

ALL = "all"
_STRATEGIES = ("strategy", "against", "strategies", "among")
"""Keys of predicates that name strategies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """The strategies and targets that a study wanted to compare and does not have."""

    strategies: Mapping[str, str] = field(default_factory=dict)
    """Strategies without all of their data, and what is left of each, as in ``8 of 9``."""
    num_strategies: int = 0
    """Number of strategies of the whole study, without the baseline."""
    targets: frozenset[str] = frozenset()
    num_targets: int = 0
    """Number of targets of the whole study."""

    def of(self, name: str, predicate: Section) -> str:
        """Return what is left of the data that a claim needs; empty if nothing is missing.

        Args:
            name: key of the predicate.
            predicate: its settings.
        """
        for key in _STRATEGIES:
            wanted = getattr(predicate, key, None) or []
            if wanted == ALL and self.strategies:
                left = self.num_strategies - len(self.strategies)
                return f"{left} of {self.num_strategies} strategies"
            for strategy in [wanted] if isinstance(wanted, str) else wanted:
                if strategy in self.strategies:
                    return self.strategies[strategy]
        targets = getattr(predicate, "targets", ALL)
        if targets == ALL or name == "largest_gain":
            left, total = self.num_targets - len(self.targets), self.num_targets
        else:
            left, total = len(set(targets) - self.targets), len(targets)
        return "" if left == total else f"{left} of {total} targets"
