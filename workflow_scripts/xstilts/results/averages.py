"""Means over languages and seeds, and paired differences from the baseline."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xstilts.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xstilts.results.cells import Cell, Scores

Group = tuple[str, str, str]
"""Model, strategy, target."""

Values = dict[int, dict[str, float]]
"""Seed to language to value, without the seeds that have no value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """The available values of one (model, strategy, target)."""

    cells: tuple[Cell, ...]
    """One per expected seed."""
    scores: Values
    deltas: Values
    """Differences from the baseline, in the seeds and languages that both have."""

    def languages(self) -> list[str]:
        """All expected languages, in the order of the cells."""
        return list(dict.fromkeys(name for cell in self.cells for name in cell.languages))

    def covered_by(self, values: Values) -> bool:
        """True if the values cover every expected seed and language."""
        return all(set(cell.languages) <= set(values.get(cell.seed, {})) for cell in self.cells)


def measure(scores: Scores, cells: Sequence[Cell], baseline: str) -> dict[Group, Measured]:
    """Values and differences of each (model, strategy, target), in the order of the cells.

    Args:
        scores: the available values.
        cells: all expected cells.
        baseline: strategy that the others are compared with; it has no differences itself.

    Raises:
        UserError: no cell belongs to the baseline.
    """
    strategies = {cell.strategy for cell in cells}
    if baseline not in strategies:
        raise unknown("strategy", baseline, strategies, "baseline")
    groups: dict[Group, list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.model, cell.strategy, cell.target), []).append(cell)
    values = {group: _values(members, scores) for group, members in groups.items()}
    measured: dict[Group, Measured] = {}
    for (model, strategy, target), members in groups.items():
        own = values[model, strategy, target]
        base = values.get((model, baseline, target), {}) if strategy != baseline else {}
        measured[model, strategy, target] = Measured(
            cells=tuple(members), scores=own, deltas=_differences(own, base)
        )
    return measured


def _values(members: Sequence[Cell], scores: Scores) -> Values:
    found = {c.seed: scores.get((c.model, c.strategy, c.target, c.seed), {}) for c in members}
    return {seed: values for seed, values in found.items() if values}


def _differences(own: Values, base: Values) -> Values:
    pairs = {
        seed: {name: own[seed][name] - base[seed][name] for name in own[seed] if name in base[seed]}
        for seed in own
        if seed in base
    }
    return {seed: values for seed, values in pairs.items() if values}


def mean(values: Sequence[float]) -> float:
    """The mean; NaN for no values."""
    return statistics.fmean(values) if values else math.nan


def deviation(values: Sequence[float]) -> float:
    """The sample standard deviation; NaN for fewer than two values."""
    return statistics.stdev(values) if len(values) > 1 else math.nan


def language_means(values: Values) -> dict[int, float]:
    """Seed to unweighted mean over its languages, the source language included, as in XTREME."""
    return {seed: mean(list(by_language.values())) for seed, by_language in values.items()}


def summary(means: Mapping[int, float], deltas: Mapping[int, float]) -> dict[str, float]:
    """Mean and sample standard deviation over seeds, of values and of paired differences."""
    return {
        "mean": mean(list(means.values())),
        "sd": deviation(list(means.values())),
        "delta": mean(list(deltas.values())),
        "delta_sd": deviation(list(deltas.values())),
    }


def target_means(by_target: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """Seed to unweighted mean over targets, for the seeds that all of these targets have."""
    seeds = set.intersection(*map(set, by_target)) if by_target else set()
    return {seed: mean([values[seed] for values in by_target]) for seed in sorted(seeds)}
