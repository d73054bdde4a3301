"""Data maps: training dynamics of the examples of intermediate tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xstilts.report.figures.base import OKABE_ITO, Figure, by_model, chart, empty, number

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = 4


def maps(bins: pd.DataFrame) -> Figure:
    """Confidence against variability of training examples, a panel per intermediate task.

    Args:
        bins: from ``xstilts.report.maps.data_maps``.
    """
    title = "Data maps of intermediate tasks"
    text = (
        "Training examples by the probability of their gold answer during training: its mean over "
        "epochs (confidence) and its standard deviation (variability). Easy examples are at the "
        "top left, hard ones at the bottom left, ambiguous ones on the right. The area of a point "
        "is the share of a task's examples, pooled over seeds. Shown are tasks on which the base "
        "model is trained alone for more than one epoch."
    )
    return Figure(
        name="maps", title=title, text=text, chart=by_model(bins, _panels) or empty(title)
    )


def _panels(rows: pd.DataFrame, title: str) -> Any:
    records = [
        {
            "t": row["t"],
            "x": number(row["x"], 3),
            "y": number(row["y"], 3),
            "n": int(row["n"]),
            "s": number(row["share"], 3),
        }
        for row in rows.to_dict("records")
    ]
    made = (
        chart(records)
        .mark_circle(color=OKABE_ITO[0], opacity=0.75)
        .encode(
            x=alt.X("x:Q", title="variability", scale=alt.Scale(domain=[0, 0.5])),
            y=alt.Y("y:Q", title="confidence", scale=alt.Scale(domain=[0, 1])),
            size=alt.Size(
                "s:Q",
                title="% of examples",
                scale=alt.Scale(range=[4, 400]),
                legend=alt.Legend(orient="right"),
            ),
            tooltip=[
                alt.Tooltip("t:N", title="task"),
                alt.Tooltip("y:Q", title="confidence", format=".2f"),
                alt.Tooltip("x:Q", title="variability", format=".2f"),
                alt.Tooltip("n:Q", title="examples", format=","),
                alt.Tooltip("s:Q", title="% of examples", format=".1f"),
            ],
        )
        .properties(width=180, height=180)
        .facet(
            facet=alt.Facet("t:N", title=None, sort=list(dict.fromkeys(rows["t"]))),
            columns=min(_COLUMNS, rows["t"].nunique()),
        )
    )
    return made.properties(title=title) if title else made
