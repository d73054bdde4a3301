"""Intervals of a difference that stay valid however often they are looked at.

The intervals of ``inference`` are for one look, at a number of seeds that was fixed before. Someone
who adds seeds until one of them excludes zero is wrong far more often than in 5 % of cases. Here a
look at three seeds spends a half of the error, and the looks at four, five, ... seeds share the
other half (Lan and DeMets 1983): after n seeds, 1 - 1 / (n - 1) of it is spent. The function has no
end, so that no largest number of seeds must be declared, and it depends on n alone: neither the
number of looks nor their results need to be kept, and who skips a look errs less often.

The critical values of the t statistics are exact for normal differences with unknown variance, from
three seeds on, by numerical integration (Jennison and Turnbull 1991): 6.2, 4.6 and 4.0 standard
errors of the mean with 3, 5 and 10 seeds at 95 %, where one look has 4.3, 2.8 and 2.3. Confidence
sequences from test martingales (Lai 1976; Wang and Ramdas 2023; for known variances and for bounded
observations Howard et al. 2021) need no integration, but give 10.8, 6.6 and 4.9 here (a normal
mixture of effects of ten standard deviations). Asymptotic sequences do not hold with three. A
group-sequential design is narrower at its last look, but does not cover a seed that is then added.

The variance between test sets is not looked at repeatedly: all looks share one test set. As in
``inference``, an interval adds both sources up. What the looks err through seeds and what they err
through the test set then overlap only in part, so that a level of 96 % keeps the error below 5 %
for all ratios of the two (``benchmarks/looks.py``).

Source: Lan and DeMets 1983, "Discrete Sequential Boundaries for Clinical Trials"; Jennison and
Turnbull 1991, "Exact Calculations for Sequential t, chi-squared and F Tests"; Armitage, McPherson
and Rowe 1969, "Repeated Significance Tests on Accumulating Data"; Wang and Ramdas 2023, arXiv
2310.03722; Howard, Ramdas, McAuliffe and Sekhon 2021, arXiv 1810.08240.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from xstilts.statistics.inference import Estimate, estimate
from xstilts.statistics.weights import generator

if TYPE_CHECKING:
    import numpy.typing as npt

    from xstilts.statistics.difference import Difference

    Floats = npt.NDArray[np.float64]

FIRST = 3
"""Smallest number of seeds with an interval: with two, Student's t has one degree of freedom."""
LEVEL = 0.96
"""Level of an interval, with which all of them together cover 95 %."""

_LEVELS_L: Floats = np.concatenate(
    [np.geomspace(1e-5, 0.5, 40), 1 - np.geomspace(0.45, 2e-3, 16), [1 - LEVEL]]
)
_LEVELS_L.sort()
"""Levels of significance at which critical values are computed; interpolated between them."""
_HALF = 120
"""Number of grid points for the body, and for the tail, of the distribution of t."""


def estimate_at_any_time(difference: Difference) -> Estimate:
    """Return the mean over seeds with an interval that is valid at all looks together.

    Whatever the rule by which seeds are added, the intervals of all numbers of seeds contain the
    effect with a probability of 95 %. Each is at least as wide as the one of a single look. With
    fewer than three seeds it is infinite.

    Args:
        difference: over all seeds that there are.
    """
    values_S = difference.values_S
    if len(values_S) < FIRST:
        delta = float(values_S.mean()) if len(values_S) else np.nan
        return Estimate(delta=delta, low=-np.inf, high=np.inf, p=1.0)
    return estimate(values_S, difference.replicates_BS, LEVEL, critical_draws)


@cache
def critical_draws(size: int, num_seeds: int) -> Floats:
    """Critical values at all levels with both signs, in random order, instead of Student's t.

    Args:
        size: their number.
        num_seeds: number of seeds, at least three.
    """
    share_B = (np.arange(size) + 0.5) / size
    value_B = critical_value(1 - np.abs(2 * share_B - 1), num_seeds)
    return generator("looks", str(size), str(num_seeds)).permutation(
        np.sign(share_B - 0.5) * value_B
    )


def critical_value(level_X: Floats, num_seeds: int) -> Floats:
    """The t statistic at which a look at a number of seeds excludes zero.

    Args:
        level_X: probability that any look, at three or more seeds, excludes zero without an effect.
        num_seeds: number of seeds, at least three.
    """
    _, values_L = _looks(num_seeds)
    found: Floats = np.exp(np.interp(np.log(level_X), np.log(_LEVELS_L), np.log(values_L)))
    return found


@cache
def _looks(num_seeds: int) -> tuple[Floats, Floats]:
    """Return the state after a look, and its critical values at ``_LEVELS_L``.

    With T = sum of x / root of the sum of x squared, the sequence of T is a Markov chain if there
    is no effect: T' = (T + w) / root of (1 + w squared), where w, the next x over the root of the
    sum of squares, is Student's t with n degrees of freedom over the root of n. The state is the
    probability of each interval of abs(T), and of not having excluded zero, by level, [G - 1, L].
    """
    t_G = _grid(num_seeds)
    if num_seeds == FIRST:
        beyond_GL = np.repeat(2 * special.stdtr(FIRST - 1, -t_G)[:, None], len(_LEVELS_L), 1)
    else:
        before_ML, _ = _looks(num_seeds - 1)
        edges_G = _ratio(_grid(num_seeds - 1), num_seeds - 1)
        middle_M = (edges_G[1:] + edges_G[:-1]) / 2
        beyond_GL = _transition(middle_M, _ratio(t_G, num_seeds), num_seeds - 1) @ before_ML
    spent_L = _LEVELS_L * (_spent(num_seeds) - _spent(num_seeds - 1))
    values_L = np.array(
        [
            np.exp(np.interp(np.log(spent), np.log(beyond_G[::-1]), np.log(t_G[::-1])))
            for spent, beyond_G in zip(spent_L, np.maximum(beyond_GL, 1e-300).T, strict=True)
        ]
    )
    left_GL = np.where(t_G[:, None] < values_L, np.maximum(beyond_GL - spent_L, 0), 0)
    return left_GL[:-1] - left_GL[1:], values_L


def _spent(num_seeds: int) -> float:
    """Share of the error that is spent after looks at up to this number of seeds."""
    return 1 - 1 / (num_seeds - 1)


def _grid(num_seeds: int) -> Floats:
    """Grid of the absolute t statistic, with equal probabilities and a long tail, [G]."""
    body_G = np.linspace(1, 0.02, _HALF, endpoint=False)
    tails_G = np.concatenate([body_G, np.geomspace(0.02, 1e-9, _HALF)])
    # zero has no logarithm
    return np.maximum(-special.stdtrit(num_seeds - 1, tails_G / 2), 1e-6)


def _ratio(t_G: Floats, num_seeds: int) -> Floats:
    """T of a t statistic."""
    found: Floats = t_G * np.sqrt(num_seeds / (num_seeds - 1 + t_G**2))
    return found


def _transition(before_M: Floats, bound_G: Floats, num_seeds: int) -> Floats:
    """Probability that abs(T) exceeds a bound after one more seed, [G, M].

    It does where ``(1 - b^2) w^2 + 2 T w + T^2 - b^2 > 0``.

    Args:
        before_M: abs(T) before.
        bound_G: the bounds b.
        num_seeds: number of seeds before.
    """
    squared_G = bound_G[:, None] ** 2
    leading_G = np.where(np.abs(1 - squared_G) < 1e-12, 1e-12, 1 - squared_G)
    discriminant_GM = squared_G * (before_M**2 + 1 - squared_G)
    root_GM = np.sqrt(np.maximum(discriminant_GM, 0))
    ends = [(-before_M + sign * root_GM) / leading_G for sign in (-1, 1)]
    low_GM, high_GM = (_student(end * np.sqrt(num_seeds), num_seeds) for end in ends)
    between_GM = np.abs(high_GM - low_GM)
    inside_GM = np.where(discriminant_GM > 0, between_GM, 0.0)
    return np.where(leading_G > 0, 1 - between_GM, inside_GM)


def _student(t_GM: Floats, freedom: int) -> Floats:
    """Cumulative distribution of Student's t, interpolated: scipy takes most of the time here.

    The relative error of a tail is below 1e-5.
    """
    knots_K = np.linspace(0, np.arcsinh(1e7), 4000)
    tails_K = np.log(special.stdtr(freedom, -np.sinh(knots_K)))
    tail_GM = np.exp(np.interp(np.arcsinh(np.abs(t_GM)), knots_K, tails_K))
    return np.where(t_GM < 0, tail_GM, 1 - tail_GM)
