"""The best strategy of each target, chosen on development sets, and what it gains on test sets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.results.tables import AVERAGE
from xstilts.statistics.difference import Difference, combine
from xstilts.statistics.effects import effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.statistics.study_scores import StudyScores

DEV, TEST = "validation", "test"
"""What a choice was made on. A choice on the test set itself makes the gain there too high."""
ON_DEV = f"{AVERAGE} chosen on dev"
"""The average over the targets whose choice was made on dev sets."""

BEST_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "target", "strategy", "chosen_on")),
        # strategy minus baseline on what it was chosen on
        ("chosen_by", pa.float64()),
        # the same on the test sets, with a 95 % interval for this choice
        *((name, pa.float64()) for name in ("delta", "low", "high", "p")),
        *((name, pa.int64()) for name in ("num_seeds", "num_examples")),
        ("verdict", pa.string()),
        ("uncertainty", pa.string()),
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The strategy that was chosen for a target."""

    target: str
    strategy: str
    chosen_on: str
    """``validation``, or ``test`` where a target has no other set."""
    chosen_by: float
    """Its difference to the baseline there: mean over seeds and languages, in points."""


def choose(scores: StudyScores, model: str, target: str, among: Sequence[str]) -> Choice | None:
    """The strategy with the largest gain on the target's development sets; None without results.

    Args:
        scores: what the study measured.
        model: base model.
        target: the target.
        among: strategies to choose from.
    """
    dev = scores.choice.get((model, target))
    judge = dev or scores.by_target[model, target]
    gains = {
        name: float(found.values_S.mean())
        for name in among
        if (found := judge.difference(name, scores.baseline)).by_seed
    }
    if not gains:
        return None
    best = max(gains, key=lambda name: gains[name])
    on = DEV if dev else TEST
    return Choice(target=target, strategy=best, chosen_on=on, chosen_by=gains[best])


def chosen_on_dev(choices: Sequence[Choice]) -> list[Choice]:
    """Those that were not made on the test set itself."""
    return [choice for choice in choices if choice.chosen_on == DEV]


def gains_of(scores: StudyScores, model: str, choices: Sequence[Choice]) -> Difference:
    """The gain of the chosen strategies on the test sets, averaged over targets."""
    parts = [
        scores.by_target[model, one.target].difference(one.strategy, scores.baseline, swaps=True)
        for one in choices
    ]
    return combine([(1 / len(parts), part) for part in parts])


def best_table(scores: StudyScores) -> pd.DataFrame:
    """One row per model and target, and one for the average over targets."""
    records = [row for model in scores.models for row in _rows(scores, model)]
    return pd.DataFrame(records, columns=BEST_SCHEMA.names)


def _rows(scores: StudyScores, model: str) -> Iterator[dict[str, Any]]:
    among = [name for name, _ in scores.to_baseline]
    found = [
        choice
        for target in scores.targets
        if (choice := choose(scores, model, target, among)) is not None
    ]
    for choice in found:
        row: dict[str, Any] = {"model": model, "target": choice.target, "strategy": choice.strategy}
        row |= {"chosen_on": choice.chosen_on, "chosen_by": choice.chosen_by}
        yield row | _gain(scores, model, [choice])
    sets = {AVERAGE: found}
    on_dev = chosen_on_dev(found)
    if 0 < len(on_dev) < len(found):
        sets[ON_DEV] = on_dev
    for name, choices in sets.items():
        if choices:
            row = {"model": model, "target": name, "strategy": "best of each target"}
            places = ", ".join(dict.fromkeys(choice.chosen_on for choice in choices))
            row |= {"chosen_on": places, "chosen_by": math.nan, **_gain(scores, model, choices)}
            if len(choices) < len(scores.targets):
                row["uncertainty"] += f"; {len(choices)} of {len(scores.targets)} targets"
            yield row


def _gain(scores: StudyScores, model: str, choices: Sequence[Choice]) -> dict[str, Any]:
    """The columns of the gain of choices.

    The largest of several gains is above zero by chance, too: where a choice was made on the test
    set itself, an interval above zero does not say that the strategy helps. One below zero does say
    that it hurts.
    """
    row = effect(gains_of(scores, model, choices))
    if row["verdict"] == "helps" and len(chosen_on_dev(choices)) < len(choices):
        row["verdict"] = "unknown"
        row["uncertainty"] += "; chosen on the test set itself"
    return row
