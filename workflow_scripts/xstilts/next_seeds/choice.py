"""Choice of the comparisons on which a budget of hours is spent best."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.next_seeds.comparisons import Compared


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A comparison that more seeds are likely to decide."""

    compared: Compared
    seeds: tuple[int, ...]
    """The seeds to run."""
    products: frozenset[str] = field(repr=False)
    """Manifests of the trainings and predictions that this takes."""
    hours: float | str
    """Their hours; the unknown quantity if they are unknown."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The comparisons to spend hours on, best first."""

    candidates: tuple[Candidate, ...]
    hours: float
    """Hours of all together, which share trainings."""


def choose(
    candidates: Sequence[Candidate], hours: dict[str, float], budget: float = float("inf")
) -> Choice:
    """Choose greedily: the comparison with the fewest further hours next, as long as it fits.

    All candidates are as likely to be decided, so that fewest hours are most decisions per hour.
    Trainings that are chosen already cost nothing more: the baseline's, and shared stages.

    Args:
        candidates: those with known hours.
        hours: manifest to hours.
        budget: in hours.

    Source: Khuller, Moss and Naor 1999, "The Budgeted Maximum Coverage Problem" (greedy choice by
    gain per cost).
    """
    left, chosen, paid = list(candidates), list[Candidate](), set[str]()

    def further(one: Candidate) -> float:
        return sum(hours[product] for product in one.products - paid)

    total = 0.0
    while left:
        best = min(left, key=further)
        if total + further(best) > budget:
            break
        total += further(best)
        left.remove(best)
        chosen.append(best)
        paid |= best.products
    return Choice(candidates=tuple(chosen), hours=total)
