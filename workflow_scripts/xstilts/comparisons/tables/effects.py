"""Each strategy against the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.comparisons.base import Comparison
from xstilts.comparisons.effects import BASELINE, EFFECT_SCHEMA
from xstilts.comparisons.texts import footnoted_summary, judged, reading
from xstilts.numbers import difference, interval, number, p_value

if TYPE_CHECKING:
    import pandas as pd

    from xstilts.results.pivot import Summary
    from xstilts.results.render import Header


def effects_summary(table: pd.DataFrame, header: Header) -> Summary:
    """The effects, one block per base model.

    Args:
        table: from ``effect_table``.
        header: heading and legend of the table.
    """
    intro = (
        f"Effect: mean of a strategy minus that of `{header.baseline}`, over languages and seeds, "
        "in "
        + reading(header)
        + "; p (swap) is a permutation test over examples, for these models. Gap: source language "
        "minus the mean of the others. See docs/statistics.md."
    )
    compared = table[table["verdict"] != BASELINE]
    return footnoted_summary("effects", intro, compared, effect_entry)


def effect_entry(row: pd.Series[Any], notes: dict[str, int]) -> dict[str, str]:
    """A row of effects or contrasts as text, by column heading."""
    return {
        "strategy": row["strategy"],
        "target": row["target"],
        "effect": difference(row["delta"]),
        "95 % interval": interval(row["low"], row["high"]),
        "p": p_value(row["p"]),
        "p (Holm)": p_value(row["p_holm"]),
        "p (swap)": p_value(row["p_swap"]),
        "verdict": judged(row, notes),
        "gap": number(row["gap"]),
        "change of gap": " ".join(
            (difference(row["gap_delta"]), interval(row["gap_low"], row["gap_high"]))
        ),
    }


COMPARISON = Comparison(
    rows="each strategy minus the baseline, by target and on average",
    schema=EFFECT_SCHEMA,
    build=lambda results: results.effects,
    summarise=effects_summary,
    order=9,
)
