"""Forecast of a comparison: the probability that more seeds, or more examples, decide it.

The seeds that are still to come are simulated from what the present ones say about mean and
variance, not from the estimates themselves: three seeds that agree by chance do not promise that
the fourth will. Each simulated course is judged by the intervals of ``looks``, as a user would who
looks after every seed.

Source: Spiegelhalter, Freedman and Blackburn 1986, "Monitoring Clinical Trials: Conditional or
Predictive Power?"; Geisser 1993, "Predictive Inference", chapter 2 (normal samples, flat prior on
mean and log standard deviation).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from xstilts.statistics.inference import examples_variance
from xstilts.statistics.looks import FIRST, LEVEL, critical_value
from xstilts.statistics.weights import generator

if TYPE_CHECKING:
    import numpy.typing as npt

    from xstilts.statistics.difference import Difference

    Floats = npt.NDArray[np.float64]

LIKELY = 0.8
"""Probability at which a number of seeds or examples is said to decide a comparison."""
MOST_SEEDS = 20
"""Largest number of seeds that is considered."""
FACTORS = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Numbers of examples that are considered, as multiples of the present number."""

_COURSES = 1000
"""Number of simulated courses; the standard error of a probability is at most 1.6 %."""
_NODES = 300
"""Number of levels at which errors of the seeds are summed."""
_RATIOS_K: Floats = np.geomspace(0.02, 50, 40)
"""Ratios of the standard errors of seeds and test set at which half-widths are tabulated."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Probabilities that a comparison is decided by further seeds and examples."""

    mean: float
    """The difference, mean over seeds, in points."""
    num_seeds: int
    """Number of seeds so far, at least two."""
    variance: float
    """Variance between the seeds' differences, in squared points."""
    shared: float = 0.0
    """Variance of the mean difference between test sets; the same for any number of seeds."""
    interaction: float = 0.0
    """The part of ``variance`` that a larger test set makes smaller."""

    def decided(self, factor: float = 1.0) -> Floats:
        """Probability that a look at up to 0, 1, 2, ... ``MOST_SEEDS`` seeds decides, [N + 1].

        The comparison is undecided now.

        Args:
            factor: number of examples as a multiple of the present one; infinite for a test set
                without chance.
        """
        mean_CN, error_CN = self._courses
        more = 1 - 1 / factor
        numbers_N = np.arange(self.num_seeds, MOST_SEEDS + 1)
        # a larger test set contains the present one: the estimate moves by the new part alone
        mean_CN = mean_CN + np.sqrt(self.shared * more) * self._normal_C[:, None]
        shrunk = max(0.0, 1 - more * self.interaction / self.variance) if self.variance else 1.0
        shared, interaction = self.shared / factor, self.interaction / factor
        crossed_CN = np.zeros(mean_CN.shape, bool)
        for index, number in enumerate(numbers_N):
            # the present examples do not decide with the present seeds
            if number >= FIRST and (index or factor > 1):
                error_C = error_CN[:, index] * np.sqrt(shrunk)
                width_C = half_width(error_C, shared, interaction, int(number))
                crossed_CN[:, index] = np.abs(mean_CN[:, index]) > width_C
        share_N = np.maximum.accumulate(crossed_CN, axis=1).mean(0)
        return np.concatenate([np.zeros(self.num_seeds), share_N])

    @cached_property
    def by_seeds(self) -> Floats:
        """:meth:`decided` with the present examples."""
        return self.decided()

    @cached_property
    def seeds(self) -> int | None:
        """Smallest number of seeds that is likely to decide; None if none considered is."""
        return likely(self.by_seeds)

    @cached_property
    def examples(self) -> tuple[float, int] | None:
        """Smallest factor of examples, and number of seeds, that are likely to decide.

        None if more seeds are enough, or if not even a test set without chance would help.
        """
        if self.seeds is not None or likely(self.decided(np.inf)) is None:
            return None
        found = ((factor, likely(self.decided(factor))) for factor in FACTORS[1:])
        return next(((factor, number) for factor, number in found if number is not None), None)

    @cached_property
    def _normal_C(self) -> Floats:
        return generator("forecast", "examples").standard_normal(_COURSES)

    @cached_property
    def _courses(self) -> tuple[Floats, Floats]:
        """Mean and its standard error over seeds, with 0, 1, 2, ... more seeds, [C, N]."""
        draw, n = generator("forecast", "seeds"), self.num_seeds
        free_C = draw.chisquare(n - 1, _COURSES)
        std_C1 = np.sqrt((n - 1) * self.variance / free_C)[:, None]
        true_C1 = self.mean + std_C1 * draw.standard_normal((_COURSES, 1)) / np.sqrt(n)
        further = max(0, MOST_SEEDS - n)
        new_CN = true_C1 + std_C1 * draw.standard_normal((_COURSES, further))
        start_C1 = np.zeros((_COURSES, 1))
        numbers_N = np.arange(n, n + further + 1)
        # sums of deviations from the present mean
        deviation_CN = np.hstack([start_C1, new_CN - self.mean]).cumsum(1)
        squares_CN = np.hstack([start_C1, (new_CN - self.mean) ** 2]).cumsum(1)
        squares_CN = (n - 1) * self.variance + squares_CN - deviation_CN**2 / numbers_N
        error_CN = np.sqrt(np.maximum(squares_CN, 0) / (numbers_N - 1) / numbers_N)
        return self.mean + deviation_CN / numbers_N, error_CN


def forecast(difference: Difference) -> Forecast:
    """Return the forecast of a difference that has at least two seeds."""
    values_S, replicates_BS = difference.values_S, difference.replicates_BS
    shared, interaction = (0.0, 0.0)
    if replicates_BS is not None:
        shared, interaction = examples_variance(replicates_BS)
    return Forecast(
        mean=float(values_S.mean()),
        num_seeds=len(values_S),
        variance=float(values_S.var(ddof=1)),
        shared=shared,
        interaction=interaction,
    )


def likely(decided_N: Floats) -> int | None:
    """The first number with a probability of at least ``LIKELY``; None if there is none."""
    found = np.flatnonzero(decided_N >= LIKELY)
    return int(found[0]) if found.size else None


def half_width(error_C: Floats, shared: float, interaction: float, num_seeds: int) -> Floats:
    """Half of the width of an interval of ``looks``, for a normal variation of the test set.

    Args:
        error_C: standard errors of the mean over seeds.
        shared: variance of the test set.
        interaction: variance of the interaction of seed and test set.
        num_seeds: number of seeds, at least three.
    """
    if not shared and not interaction:
        return error_C * critical_value(np.array(1 - LEVEL), num_seeds)
    alone = special.ndtri((1 + LEVEL) / 2) * np.sqrt(shared + interaction / num_seeds)
    if not shared:
        return np.maximum(alone, error_C * critical_value(np.array(1 - LEVEL), num_seeds))
    ratio_C = error_C / np.sqrt(shared)
    table_K = _half_widths(num_seeds)
    # beyond the table the seeds' part dominates, and the width is proportional to it
    within_C = np.interp(np.minimum(ratio_C, _RATIOS_K[-1]), _RATIOS_K, table_K)
    beyond_C = np.maximum(ratio_C / _RATIOS_K[-1], 1.0)
    return np.maximum(alone, np.sqrt(shared) * within_C * beyond_C)


@cache
def _half_widths(num_seeds: int) -> Floats:
    """Half-widths at ``_RATIOS_K`` in standard errors of the test set, [K]."""
    level_L = np.geomspace(1e-5, 1 - 1e-3, _NODES)
    weight_L = np.gradient(level_L)
    seeds_KL = _RATIOS_K[:, None] * critical_value(level_L, num_seeds)
    low_K, high_K = np.zeros(len(_RATIOS_K)), 3 + 2 * seeds_KL[:, 0]
    # bisection of the probability that the sum of both errors exceeds a half-width
    for _ in range(40):
        middle_K = (low_K + high_K) / 2
        outside_KL = special.ndtr(seeds_KL - middle_K[:, None])
        outside_KL += special.ndtr(-seeds_KL - middle_K[:, None])
        too_narrow_K = outside_KL @ weight_L > 1 - LEVEL
        low_K, high_K = (
            np.where(too_narrow_K, middle_K, low_K),
            np.where(too_narrow_K, high_K, middle_K),
        )
    return high_K
