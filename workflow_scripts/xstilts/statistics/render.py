"""Comparisons of strategies as texts: effects, contrasts, groups, the best of each target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from xstilts.results.pivot import Summary, block_of
from xstilts.statistics.best import TEST
from xstilts.statistics.effects import BASELINE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from xstilts.results.render import Header

DASH = "—"


def number(value: float, signed: bool = True) -> str:
    """One decimal, with its sign; a dash where there is none."""
    if math.isnan(value):
        return DASH
    rounded = round(value, 1) + 0.0
    return f"{rounded:+.1f}" if signed else f"{rounded:.1f}"


def interval(low: float, high: float) -> str:
    """``[-0.4, +1.2]``; a dash where there is none."""
    return DASH if math.isnan(low) else f"[{number(low)}, {number(high)}]"


def _p(value: float) -> str:
    if math.isnan(value):
        return DASH
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _row(row: pd.Series[Any], notes: dict[str, int]) -> dict[str, str]:
    note = f" [{notes.setdefault(row['uncertainty'], len(notes) + 1)}]"
    return {
        "strategy": row["strategy"],
        "target": row["target"],
        "effect": number(row["delta"]),
        "95 % interval": interval(row["low"], row["high"]),
        "p": _p(row["p"]),
        "p (Holm)": _p(row["p_holm"]),
        "p (swap)": _p(row["p_swap"]),
        "verdict": row["verdict"] + note,
        "gap": number(row["gap"], signed=False),
        "change of gap": f"{number(row['gap_delta'])} {interval(row['gap_low'], row['gap_high'])}",
    }


_READING = (
    "points. Intervals of 95 % from {replicates:,} replicates; verdicts are of the interval of "
    "each row alone, p (Holm) is corrected over {family}"
)
_FAMILIES: Mapping[str, str] = {
    "targets": "the targets of a comparison",
    "strategies": "the comparisons of a target",
    "all": "all comparisons",
}


def _reading(header: Header) -> str:
    family = _FAMILIES[header.correct_over]
    return _READING.format(replicates=header.replicates, family=family)


def effects_summary(table: pd.DataFrame, header: Header) -> Summary:
    """The effects, one block per base model.

    Args:
        table: from ``effect_table``.
        header: what stands above it.
    """
    intro = (
        f"Effect: mean of a strategy minus that of {header.baseline}, over languages and seeds, in "
        + _reading(header)
        + ", p (swap) is of these models on other examples. Gap: source language minus the mean of "
        "the others. See docs/statistics.md."
    )
    compared = table[table["verdict"] != BASELINE]
    return _summary("effects", intro, compared, _row)


def contrasts_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Pairs of strategies, one block per base model."""
    if table.empty:
        intro = "The study compares strategies with the baseline only (key `contrasts`)."
    else:
        intro = (
            "Effect: mean of a strategy minus that of another, over languages and seeds, in "
            + _reading(header)
            + "."
        )
    return _summary(
        "contrasts",
        intro,
        table,
        lambda row, notes: {
            "strategy": row["strategy"],
            "against": row["against"],
            **{key: text for key, text in _row(row, notes).items() if key != "strategy"},
        },
    )


def groups_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Groups of languages, one block per base model."""
    intro = (
        f"Effect: mean of a strategy minus that of {header.baseline}, over the languages of a "
        "group, then over the targets that have any, in "
        + _READING.format(replicates=header.replicates, family="the groups of a kind")
        + ". Targets differ between groups: compare strategies within a group, not groups."
    )
    return _summary("groups of languages", intro, table, _group_row)


def best_summary(table: pd.DataFrame, header: Header) -> Summary:
    """The best strategy of each target, one block per base model."""
    intro = (
        f"The strategy with the largest gain over {header.baseline} on a target's development "
        "sets, and its gain on the test sets, in points. † chosen on the test set itself, since "
        "there is no other (or the study does not say `choose_on`): too high, so that it is never "
        "said to help. Intervals of 95 % are of the chosen strategy; they do not cover that "
        "another one might have been chosen."
    )
    return _summary("best strategy of each target", intro, table, _best_row)


def _best_row(row: pd.Series[Any], notes: dict[str, int]) -> dict[str, str]:
    note = f" [{notes.setdefault(row['uncertainty'], len(notes) + 1)}]"
    return {
        "target": row["target"] + ("†" if TEST in row["chosen_on"] else ""),
        "chosen": row["strategy"],
        "on": row["chosen_on"],
        "gain there": number(row["chosen_by"]),
        "gain on test": number(row["delta"]),
        "95 % interval": interval(row["low"], row["high"]),
        "verdict": row["verdict"] + note,
    }


def _group_row(row: pd.Series[Any], notes: dict[str, int]) -> dict[str, str]:
    note = f" [{notes.setdefault(row['uncertainty'], len(notes) + 1)}]"
    missing = row["missing_targets"]
    targets = str(row["num_targets"])
    return {
        "strategy": row["strategy"],
        "by": row["grouping"],
        "group": row["group"],
        "languages": str(row["num_languages"]),
        "targets": f"{targets}† of {row['num_targets'] + missing}" if missing else targets,
        "effect": number(row["delta"]),
        "95 % interval": interval(row["low"], row["high"]),
        "p (Holm)": _p(row["p_holm"]),
        "verdict": row["verdict"] + note,
    }


def _summary(
    title: str,
    intro: str,
    table: pd.DataFrame,
    entry: Callable[[pd.Series[Any], dict[str, int]], dict[str, str]],
) -> Summary:
    """A table per base model, with what its intervals cover below it."""
    blocks = []
    for model, rows in table.groupby("model", sort=False):
        notes: dict[str, int] = {}
        entries = [entry(row, notes) for _, row in rows.iterrows()]
        footnotes = [f"[{mark}] {text}" for text, mark in notes.items()]
        blocks.append(block_of(entries, str(model), footnotes))
    return Summary(title=title, text=intro, blocks=tuple(blocks))
