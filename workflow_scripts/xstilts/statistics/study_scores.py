"""The scores of a study, by model and target, and contrasts between its strategies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import unknown
from xstilts.statistics.difference import combine
from xstilts.statistics.left_out import LeftOut

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from xstilts.statistics.difference import Difference
    from xstilts.statistics.target_scores import TargetScores

Pair = tuple[str, str]
"""A strategy and the one that it is compared with."""


class StudyScores:
    """The scores of a study, by model and target."""

    def __init__(
        self,
        scores: dict[tuple[str, str], TargetScores],
        strategies: Sequence[str],
        baseline: str,
        source_language: str,
        untrained: Collection[str] = (),
    ) -> None:
        """Collect the scores.

        Args:
            scores: by model and target.
            strategies: all strategies of the study, in its order.
            baseline: the strategy that the others are compared with.
            source_language: for the transfer gap.
            untrained: targets that compare sentence vectors, without training data.

        Raises:
            UserError: the baseline is not a strategy.
        """
        if baseline not in strategies:
            raise unknown("strategy", baseline, strategies, "baseline")
        self.by_target, self.strategies = scores, list(strategies)
        self.baseline, self.source_language = baseline, source_language
        self.models = list(dict.fromkeys(model for model, _ in scores))
        self.targets = list(dict.fromkeys(target for _, target in scores))
        self.untrained = frozenset(untrained)
        self.choice: dict[tuple[str, str], TargetScores] = {}
        """Scores on development sets, to choose strategies by; by model and target, if any."""
        self.left_out = LeftOut()
        """Strategies and targets that are missing for lack of data."""

    @property
    def to_baseline(self) -> list[Pair]:
        """Every other strategy, paired with the baseline."""
        return [(name, self.baseline) for name in self.strategies if name != self.baseline]

    def difference(
        self, model: str, strategy: str, other: str | None, targets: Sequence[str]
    ) -> Difference:
        """A strategy minus another, averaged over targets (unweighted), for one model."""
        parts = [self.by_target[model, target].difference(strategy, other) for target in targets]
        return combine([(1 / len(parts), part) for part in parts])
