"""Pairs of strategies that the study declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.comparisons.base import Comparison
from xstilts.comparisons.effects import EFFECT_SCHEMA, contrast_table
from xstilts.comparisons.tables.effects import effect_entry
from xstilts.comparisons.texts import footnoted_summary, reading

if TYPE_CHECKING:
    import pandas as pd

    from xstilts.comparisons.base import StudyResults
    from xstilts.results.pivot import Summary
    from xstilts.results.render import Header


def _build(results: StudyResults) -> pd.DataFrame:
    study = results.grid.study
    return contrast_table(results.scores, study.contrasts, study.correct_over)


def contrasts_summary(table: pd.DataFrame, header: Header) -> Summary:
    """Pairs of strategies, one block per base model."""
    if table.empty:
        intro = "The study compares strategies with the baseline only (key `contrasts`)."
    else:
        intro = (
            "Effect: mean of a strategy minus that of the other, over languages and seeds, in "
            + reading(header)
            + "."
        )
    return footnoted_summary(
        "contrasts",
        intro,
        table,
        lambda row, notes: {
            "strategy": row["strategy"],
            "against": row["against"],
            **{key: text for key, text in effect_entry(row, notes).items() if key != "strategy"},
        },
    )


COMPARISON = Comparison(
    rows="each pair of strategies that the study declares: `contrasts: [[a, b]]`, a minus b",
    schema=EFFECT_SCHEMA,
    build=_build,
    summarise=contrasts_summary,
    order=3,
    expanded=True,
)
