"""The comparisons of a study with the verdicts of one look and of any number of looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from xstilts.comparisons.effects import average, average_targets
from xstilts.statistics.inference import Estimate, estimate
from xstilts.statistics.looks import FIRST, estimate_at_any_time
from xstilts.statistics.power import Forecast, forecast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.statistics.difference import Difference
    from xstilts.statistics.study_scores import Pair, StudyScores


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A strategy against another, on a target or on average."""

    model: str
    strategy: str
    against: str
    target: str
    """The target, or the name of the average."""
    targets: tuple[str, ...]
    """The targets that it is about."""
    difference: Difference
    lacking: int = 0
    """Number of targets of an average without a difference."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that both strategies have."""
        return tuple(self.difference.by_seed)

    @cached_property
    def one_look(self) -> Estimate:
        """The estimate of ``tables/effects`` and ``tables/contrasts``."""
        return estimate(self.difference.values_S, self.difference.replicates_BS)

    @cached_property
    def any_time(self) -> Estimate:
        """The estimate that is valid at any number of looks."""
        return estimate_at_any_time(self.difference)

    @cached_property
    def forecast(self) -> Forecast | None:
        """The forecast of an undecided comparison; None with fewer than two seeds."""
        return forecast(self.difference) if len(self.seeds) > 1 else None

    @cached_property
    def wanted(self) -> int | None:
        """Number of seeds, present ones included, that is likely to decide; None if none is.

        With one seed it is the smallest number that can, since nothing is known of the variance.
        """
        if self.forecast is None:
            return FIRST if self.seeds else None
        return self.forecast.seeds

    def __str__(self) -> str:
        """Return the comparison as text."""
        return f"{self.strategy} against {self.against} on {self.target}"


def compared(scores: StudyScores, contrasts: Sequence[Pair]) -> Iterator[Compared]:
    """Yield each strategy against the baseline and each declared contrast, by target.

    They are the rows of ``tables/effects`` and ``tables/contrasts``.

    Args:
        scores: the study's scores.
        contrasts: pairs of strategies.
    """
    pairs = dict.fromkeys([*scores.to_baseline, *map(tuple, contrasts)])
    for model in scores.models:
        for strategy, against in pairs:
            found = {
                target: scores.by_target[model, target].difference(strategy, against)
                for target in scores.targets
            }
            for target, difference in found.items():
                yield Compared(
                    model=model,
                    strategy=strategy,
                    against=against,
                    target=target,
                    targets=(target,),
                    difference=difference,
                )
            for name, targets in average_targets(scores, list(found)).items():
                if len(targets) == 1:
                    continue  # the target itself
                mean, num_present = average(targets, found)
                yield Compared(
                    model=model,
                    strategy=strategy,
                    against=against,
                    target=name,
                    targets=tuple(targets),
                    difference=mean,
                    lacking=len(targets) - num_present,
                )
