"""Shared texts of the comparisons: how to read them, and blocks with numbered footnotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.results.pivot import Summary, block_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from xstilts.results.render import Header

_READING = (
    "points. 95 % intervals from {replicates:,} bootstrap replicates; each verdict follows from "
    "its row's interval alone; p (Holm) is corrected over {family}"
)
_FAMILIES: Mapping[str, str] = {
    "targets": "the targets of a comparison",
    "strategies": "the comparisons of a target",
    "all": "all comparisons",
}


def reading(header: Header, family: str = "") -> str:
    """Legend of the columns of effects; ``family`` of p (Holm), if it is not the study's."""
    family = family or _FAMILIES[header.correct_over]
    return _READING.format(replicates=header.replicates, family=family)


def judged(row: pd.Series[Any], notes: dict[str, int]) -> str:
    """The verdict of a row, with the number of its footnote on uncertainty."""
    return f"{row['verdict']} [{notes.setdefault(row['uncertainty'], len(notes) + 1)}]"


def footnoted_summary(
    title: str,
    intro: str,
    table: pd.DataFrame,
    entry: Callable[[pd.Series[Any], dict[str, int]], dict[str, str]],
) -> Summary:
    """A block per base model, with footnotes on what the intervals cover."""
    blocks = []
    for model, rows in table.groupby("model", sort=False):
        notes: dict[str, int] = {}
        entries = [entry(row, notes) for _, row in rows.iterrows()]
        footnotes = [f"[{mark}] {text}" for text, mark in notes.items()]
        blocks.append(block_of(entries, str(model), footnotes))
    return Summary(title=title, text=intro, blocks=tuple(blocks))
