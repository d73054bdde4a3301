"""The best strategy of each target, chosen on development sets, and what it gains on test sets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from xstilts.comparisons.base import Comparison
from xstilts.comparisons.effects import effect
from xstilts.comparisons.texts import footnoted_summary, judged
from xstilts.numbers import difference, interval
from xstilts.results.tables import AVERAGE
from xstilts.statistics.choice import TEST, choose, chosen_on_dev, gains_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.results.pivot import Summary
    from xstilts.results.render import Header
    from xstilts.statistics.choice import Choice
    from xstilts.statistics.study_scores import StudyScores

ON_DEV = f"{AVERAGE} chosen on dev"
"""The average over the targets whose choice was made on dev sets."""

BEST_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "target", "strategy", "chosen_on")),
        # strategy minus baseline on the set that it was chosen on
        ("chosen_by", pa.float64()),
        # the same on the test sets, with a 95 % interval for this choice
        *((name, pa.float64()) for name in ("delta", "low", "high", "p")),
        *((name, pa.int64()) for name in ("num_seeds", "num_examples")),
        ("verdict", pa.string()),
        ("uncertainty", pa.string()),
    ]
)


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
            chosen_on = ", ".join(dict.fromkeys(choice.chosen_on for choice in choices))
            row |= {"chosen_on": chosen_on, "chosen_by": math.nan, **_gain(scores, model, choices)}
            if len(choices) < len(scores.targets):
                row["uncertainty"] += f"; {len(choices)} of {len(scores.targets)} targets"
            yield row


def _gain(scores: StudyScores, model: str, choices: Sequence[Choice]) -> dict[str, Any]:
    """The columns of the gain of choices.

    The largest of several gains may be above zero by chance: after a choice on the test set itself,
    an interval above zero is no evidence that the strategy helps. An interval below zero is
    evidence that it hurts.
    """
    row = effect(gains_of(scores, model, choices))
    if row["low"] > 0 and len(chosen_on_dev(choices)) < len(choices):
        row["verdict"] = "unknown"
        row["uncertainty"] += "; chosen on the test set itself"
    return row


def best_summary(table: pd.DataFrame, header: Header) -> Summary:
    """The best strategy of each target, one block per base model."""
    intro = (
        f"The strategy with the largest gain over {header.baseline} on a target's development "
        "sets, and its gain on the test sets, in points. †: chosen on the test set itself, because "
        "the target has no development set (or the study does not set `choose_on`); the gain is "
        "biased upwards, so the verdict of a gain is unknown. The 95 % intervals are for the "
        "chosen strategy; they do not include the uncertainty of the choice."
    )
    return footnoted_summary("best strategy of each target", intro, table, _best_row)


def _best_row(row: pd.Series[Any], notes: dict[str, int]) -> dict[str, str]:
    return {
        "target": row["target"] + ("†" if TEST in row["chosen_on"] else ""),
        "chosen": row["strategy"],
        "on": row["chosen_on"],
        "gain there": difference(row["chosen_by"]),
        "gain on test": difference(row["delta"]),
        "95 % interval": interval(row["low"], row["high"]),
        "verdict": judged(row, notes),
    }


COMPARISON = Comparison(
    rows=(
        "the best strategy of each target, chosen on dev sets (`choose_on`), evaluated on "
        "test sets; a choice on the test set itself (†) is never said to help: its gain is "
        "biased upwards"
    ),
    schema=BEST_SCHEMA,
    build=lambda results: best_table(results.scores),
    summarise=best_summary,
    order=2,
    expanded=True,
)
