"""The choice of the best strategy of a target on development sets, and its gain on test sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xstilts.statistics.difference import Difference, combine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.statistics.study_scores import StudyScores

DEV, TEST = "validation", "test"
"""The set that a choice was made on. A choice on the test set biases its gain there upwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The strategy that was chosen for a target."""

    target: str
    strategy: str
    chosen_on: str
    """``validation``, or ``test`` if a target has no other set."""
    chosen_by: float
    """Its difference from the baseline on that set: mean over seeds and languages, in points."""


def choose(scores: StudyScores, model: str, target: str, among: Sequence[str]) -> Choice | None:
    """The strategy with the largest gain on the target's development sets; None without results.

    Args:
        scores: the study's scores.
        model: base model.
        target: the target.
        among: strategies to choose from.
    """
    dev = scores.choice.get((model, target))
    chosen_by = dev or scores.by_target[model, target]
    gains = {
        name: float(found.values_S.mean())
        for name in among
        if (found := chosen_by.difference(name, scores.baseline)).by_seed
    }
    if not gains:
        return None
    best = max(gains, key=lambda name: gains[name])
    on = DEV if dev else TEST
    return Choice(target=target, strategy=best, chosen_on=on, chosen_by=gains[best])


def chosen_on_dev(choices: Sequence[Choice]) -> list[Choice]:
    """The choices that were made on development sets."""
    return [choice for choice in choices if choice.chosen_on == DEV]


def gains_of(scores: StudyScores, model: str, choices: Sequence[Choice]) -> Difference:
    """The gain of the chosen strategies on the test sets, averaged over targets."""
    parts = [
        scores.by_target[model, one.target].difference(one.strategy, scores.baseline, swaps=True)
        for one in choices
    ]
    return combine([(1 / len(parts), part) for part in parts])
