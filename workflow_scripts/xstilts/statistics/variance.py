"""Variance components of a balanced table of scores."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


def components(values: npt.NDArray[np.float64], names: Sequence[str]) -> dict[str, float]:
    """Variance components of a table with one score for every combination of factor levels.

    A random-effects model with all interactions; that of all factors is the residual. The estimates
    are those of the analysis of variance, which equal REML if none is negative; negative ones are
    set to zero. A factor with one level has no component.

    Args:
        values: scores, one axis per factor.
        names: name of each axis.

    Source: Searle, Casella and McCulloch 1992, "Variance Components", chapter 4.
    """
    axes = [axis for axis in range(values.ndim) if values.shape[axis] > 1]
    values = values.reshape([values.shape[axis] for axis in axes])
    labels = [names[axis] for axis in axes]
    every = range(len(axes))
    sets = [frozenset(c) for size in range(1, len(axes) + 1) for c in combinations(every, size)]
    squares = {one: _mean_square(values, one) for one in sets}
    found = {}
    for one in sets:
        # from the expected mean squares: supersets enter with alternating signs
        above = [other for other in sets if one <= other]
        total = sum((-1) ** len(other - one) * squares[other] for other in above)
        repeats = np.prod([values.shape[axis] for axis in every if axis not in one])
        interaction = " x ".join(labels[axis] for axis in sorted(one))
        name = "residual" if len(one) == len(axes) else interaction
        found[name] = max(0.0, float(total / repeats))
    return found


def _mean_square(values: npt.NDArray[np.float64], axes: frozenset[int]) -> float:
    """The mean square of a main effect or an interaction."""
    effect = np.zeros_like(values)
    for size in range(len(axes) + 1):
        for kept in combinations(sorted(axes), size):
            gone = tuple(axis for axis in range(values.ndim) if axis not in kept)
            effect = effect + (-1) ** (len(axes) - size) * values.mean(axis=gone, keepdims=True)
    freedom = np.prod([values.shape[axis] - 1 for axis in axes])
    return float((effect**2).sum() / freedom)
