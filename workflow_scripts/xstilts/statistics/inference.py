"""Interval, p-value and verdict of a difference, over seeds and over examples.

There are two sources of variation: training (seeds) and the test set (examples). All seeds are
evaluated on the same examples, so the two factors are crossed: each bootstrap replicate draws one
sample of examples for all seeds and strategies, scores every seed's model on it, and then adds the
variation of the mean over seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from xstilts.statistics.weights import generator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Draws = Callable[[int, int], npt.NDArray[np.float64]]
    """Function of the numbers of replicates and seeds: errors of the mean over seeds, as multiples
    of its standard error."""

Verdict = Literal["helps", "hurts", "these models differ", "unclear", "unknown"]

HELPS: Verdict = "helps"
HURTS: Verdict = "hurts"
DIFFER: Verdict = "these models differ"
"""The verdict of one seed: its interval covers the examples, not another training."""
DECIDED = (HELPS, HURTS, DIFFER)
"""Verdicts of an interval without zero."""

LEVEL = 0.95
"""Coverage of the intervals."""
_SEED_REPLICATES = 2000
"""Number of replicates of an interval that covers only seeds."""
_EXACT_SEEDS = 12
"""Up to this number of seeds, all sign flips are enumerated."""


@cache
def student(size: int, num_seeds: int) -> npt.NDArray[np.float64]:
    """Quantiles of Student's t in random order; they have less Monte Carlo error than draws.

    Args:
        size: their number.
        num_seeds: degrees of freedom plus one.
    """
    freedom = num_seeds - 1
    quantiles: npt.NDArray[np.float64] = stats.t.ppf((np.arange(size) + 0.5) / size, freedom)
    return generator("seeds", str(size), str(freedom)).permutation(quantiles)


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A difference (or another contrast) with its interval and p-value; NaN if unknown."""

    delta: float
    low: float
    high: float
    p: float
    """Two-sided, by inverting the interval."""
    one_seed: bool = False
    """True if the interval covers examples only, because there is one seed."""

    @property
    def decided(self) -> bool:
        """True if the interval does not contain zero."""
        return self.low > 0 or self.high < 0

    @property
    def verdict(self) -> Verdict:
        """The sign of the effect according to the interval; that of one seed is no effect's."""
        if np.isnan(self.low):
            return "unknown"
        if not self.decided:
            return "unclear"
        if self.one_seed:
            return DIFFER
        return HELPS if self.low > 0 else HURTS


def estimate(
    values_S: npt.NDArray[np.float64],
    replicates_BS: npt.NDArray[np.floating] | None,
    level: float = LEVEL,
    draws: Draws = student,
) -> Estimate:
    """Return the mean over seeds with its percentile interval.

    Each replicate is the mean over seeds on a resampled test set, plus a draw of Student's t with
    n - 1 degrees of freedom times the standard error over n seeds. Seeds are not drawn with
    replacement: with three seeds that gives a variance too small by a third and no heavy tails, and
    a nominal 95 % interval that covers about 75 %. Student's t is exact for normal differences.

    The interaction of seed and example, the chance by which one seed's model gets one example
    right, contributes to the variance between seeds and to that of the resampled mean. To avoid
    counting it twice, the resampled mean is shrunk so that its variance equals the mean covariance
    between seeds. Few seeds may agree by chance: no interval is narrower than that of the examples
    alone.

    Percentiles and not BCa: the acceleration of BCa would need a jackknife over two crossed
    factors, and the metrics are nearly linear in the examples, so that there is little skewness or
    bias to correct. With one seed the interval covers only examples; with one seed and no
    replicates there is no interval.

    Args:
        values_S: the difference in each seed.
        replicates_BS: its bootstrap replicates; None if examples are not resampled.
        level: coverage of the interval.
        draws: errors of the mean over seeds; Student's t for one look at a fixed number of seeds.

    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13 (percentile
    interval); Hesterberg 2015, arXiv 1411.5279 (bootstrap intervals of small samples are narrow);
    Owen 2007, arXiv 0712.1111 (resampling crossed factors).
    """
    num_seeds = len(values_S)
    if not num_seeds:
        return Estimate(delta=np.nan, low=np.nan, high=np.nan, p=np.nan)
    delta = float(values_S.mean())
    if num_seeds == 1 and replicates_BS is None:
        return Estimate(delta=delta, low=np.nan, high=np.nan, p=np.nan)
    if replicates_BS is None:
        replicates_BS = np.broadcast_to(values_S, (_SEED_REPLICATES, num_seeds))
    examples_B = replicates_BS.mean(1)
    intervals = [examples_B]
    if num_seeds > 1:
        error = float(values_S.std(ddof=1)) / np.sqrt(num_seeds)
        error_B = error * draws(len(replicates_BS), num_seeds)
        intervals.append(delta + _shared(replicates_BS) + error_B)
    tail = 50 * (1 - level)
    ends = [np.percentile(replicates_B, [tail, 100 - tail]) for replicates_B in intervals]
    return Estimate(
        delta=delta,
        low=float(min(low for low, _ in ends)),
        high=float(max(high for _, high in ends)),
        p=max(map(_both_sides, intervals)),
        one_seed=num_seeds == 1,
    )


def examples_variance(replicates_BS: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Variance components v of the test set, and w of the interaction of seed and test set.

    The mean of the replicates over n seeds has the variance v + w / n, and two seeds have the
    covariance v. With one seed, all of it is v.
    """
    num_seeds = replicates_BS.shape[1]
    of_mean = float(replicates_BS.mean(1).var())
    if num_seeds == 1:
        return of_mean, 0.0
    of_seed = float(replicates_BS.var(axis=0).mean())
    shared = min(of_mean, max(0.0, (num_seeds * of_mean - of_seed) / (num_seeds - 1)))
    return shared, max(0.0, of_seed - shared)


def _shared(replicates_BS: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Deviations of the replicates' mean over seeds, shrunk to the covariance of seeds, [B]."""
    deviations_B = replicates_BS.mean(1) - replicates_BS.mean()
    of_mean = float(deviations_B.var())
    if of_mean == 0:
        return deviations_B
    return deviations_B * np.sqrt(examples_variance(replicates_BS)[0] / of_mean)


def _both_sides(replicates_B: npt.NDArray[np.float64]) -> float:
    """Two-sided bootstrap p-value: twice the smaller share of replicates on one side of zero."""
    below, above = int((replicates_B <= 0).sum()), int((replicates_B >= 0).sum())
    return min(1.0, 2 * (1 + min(below, above)) / (len(replicates_B) + 1))


def sign_flip(values_S: npt.NDArray[np.float64]) -> float:
    """Two-sided p-value of the mean over seeds by a sign-flip test; exact up to 12 seeds.

    It cannot be smaller than ``2 / 2**n`` for n seeds: 0.25 for three. NaN for fewer than two.

    Source: Fisher 1935, "The Design of Experiments", section 21; ``scipy.stats.permutation_test``.
    """
    if len(values_S) < 2:
        return float("nan")
    found = stats.permutation_test(
        (values_S,),
        lambda sample, axis: np.mean(sample, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=2**_EXACT_SEEDS,
        rng=generator("sign flips"),
    )
    return float(found.pvalue)


def swap_test(delta: float, swapped_B: npt.NDArray[np.floating]) -> float:
    """Two-sided p-value of a difference by a permutation test, from its swapped replicates.

    Source: Phipson and Smyth 2010, arXiv 1603.05766 (the observed one counts, p is never 0).
    """
    # an equal difference must count even if float32 rounding makes it slightly smaller
    extreme = int((np.abs(swapped_B) >= abs(delta) - 1e-4).sum())
    return (1 + extreme) / (len(swapped_B) + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm-adjusted p-values, in the given order; NaN is kept and does not count.

    Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".
    """
    known = [index for index, p in enumerate(p_values) if not np.isnan(p)]
    adjusted, largest = list(map(float, p_values)), 0.0
    for rank, index in enumerate(sorted(known, key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(known) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
