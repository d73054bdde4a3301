"""Gain of each strategy by size of the base model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xstilts.report.figures.base import Figure, chart, colour_of, empty, number
from xstilts.results.tables import AVERAGE

if TYPE_CHECKING:
    import pandas as pd

    from xstilts.report.frames import Frames


def scale(frames: Frames) -> Figure:
    """Mean gain over targets against the number of weights, a panel per family of models."""
    title = "Gain by model size"
    rows = frames.scale
    made: Any = empty(title)
    if not rows.empty:
        rows = rows[rows["target"] == AVERAGE]
        if not rows["delta"].isna().all():
            names = [name for name in frames.source.strategies if name in set(rows["strategy"])]
            made = _panels(rows, names)
    text = (
        "Mean difference from the baseline over targets, in points, against the number of weights "
        "(logarithmic), with its 95 % interval; each model against its own baseline. One panel per "
        "family of models, one line per strategy."
    )
    return Figure(name="scale", title=title, text=text, chart=made)


def _panels(rows: pd.DataFrame, names: list[str]) -> Any:
    records = [
        {
            "f": row["family"],
            "m": row["model"],
            "n": int(row["parameters"]),
            "s": row["strategy"],
            "v": number(row["delta"]),
            "l": number(row["low"]),
            "h": number(row["high"]),
        }
        for row in rows.to_dict("records")
    ]
    base = alt.Chart().encode(
        x=alt.X(
            "n:Q",
            title="weights",
            scale=alt.Scale(type="log", nice=True),
            axis=alt.Axis(format="~s", labelOverlap=True),
        ),
        color=colour_of(names, "strategy"),
        tooltip=[
            alt.Tooltip("m:N", title="model"),
            alt.Tooltip("n:Q", title="weights", format=".3s"),
            alt.Tooltip("s:N", title="strategy"),
            alt.Tooltip("v:Q", title="gain", format="+.1f"),
            alt.Tooltip("l:Q", title="from", format="+.1f"),
            alt.Tooltip("h:Q", title="to", format="+.1f"),
        ],
    )
    gain = alt.Y("v:Q", title="gain in points")
    zero = alt.Chart().mark_rule(strokeDash=[2, 2], color="#8c8c8c").encode(y=alt.datum(0))
    layered = alt.layer(
        zero,
        base.mark_rule(strokeWidth=2, opacity=0.5).encode(y=alt.Y("l:Q"), y2="h:Q"),
        base.mark_line(opacity=0.7).encode(y=gain),
        base.mark_circle(size=46).encode(y=gain),
        data=chart(records).data,
    )
    return layered.properties(width=260, height=200).facet(
        facet=alt.Facet("f:N", title=None, sort=list(dict.fromkeys(rows["family"]))),
        columns=3,
    )
