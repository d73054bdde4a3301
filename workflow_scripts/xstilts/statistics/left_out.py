"""Claims about strategies and targets that a study leaves out for lack of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xstilts.config.claims import named_strategies, named_targets

if TYPE_CHECKING:
    from xstilts.config.section import Section


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
    languages: Mapping[str, str] = field(default_factory=dict)
    """Targets without some of their languages, and what is left: ``3 of 11 languages of mlqa``."""

    def of(self, settings: Section) -> str:
        """Return what is left of the data that a claim needs; empty if nothing is missing.

        Args:
            settings: those of the claim's predicate.
        """
        strategies, targets = named_strategies(settings), named_targets(settings)
        if strategies is None and self.strategies:
            left = self.num_strategies - len(self.strategies)
            return f"{left} of {self.num_strategies} strategies"
        for strategy in strategies or []:
            if strategy in self.strategies:
                return self.strategies[strategy]
        for target in self.languages if targets is None else targets:
            if target in self.languages:
                return self.languages[target]
        missing = self.targets if targets is None else self.targets & set(targets)
        total = self.num_targets if targets is None else len(targets)
        return f"{total - len(missing)} of {total} targets" if missing else ""
