"""Dot plots: a panel per target, a row per strategy, a point per seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xstilts.report.figures.base import OKABE_ITO, Figure, by_model, empty, number

if TYPE_CHECKING:
    import pandas as pd

    from xstilts.report.frames import Frames

_COLUMNS = 3


def seeds(frames: Frames) -> Figure:
    """The score of every seed."""
    return Figure(
        name="seeds",
        title="Every seed",
        text="Points: score of one seed, mean over languages; bars: mean over seeds. Each target "
        "has its own scale.",
        chart=_dots(frames, frames.scores, "score", "score"),
    )


def gap(frames: Frames) -> Figure:
    """The transfer gap between the source language and the others."""
    source = frames.source.source_language
    return Figure(
        name="gap",
        title="Transfer gap",
        text=f"Score in {source}, the training language, minus the mean of the other languages. "
        "Points: one seed; bars: mean over seeds. At equal scores, smaller is better.",
        chart=_dots(frames, frames.gaps, "gap", "gap in points"),
    )


def _dots(frames: Frames, rows: pd.DataFrame, value: str, axis: str) -> Any:
    strategies = list(frames.source.strategies)
    made = by_model(rows, lambda found, model: _facets(found, value, axis, strategies, model))
    return made or empty(axis)


def _facets(rows: pd.DataFrame, value: str, axis: str, strategies: list[str], title: str) -> Any:
    records = [
        {"s": row["strategy"], "t": row["target"], "n": row["seed"], "v": number(row[value])}
        for row in rows.to_dict("records")
    ]
    base = alt.Chart().encode(y=alt.Y("s:N", title=None, sort=strategies))
    x = alt.X("v:Q", title=axis, scale=alt.Scale(zero=False, nice=True))
    points = base.mark_circle(size=46, opacity=0.75, color=OKABE_ITO[0]).encode(
        x=x,
        tooltip=[
            alt.Tooltip("s:N", title="strategy"),
            alt.Tooltip("t:N", title="target"),
            alt.Tooltip("n:N", title="seed"),
            alt.Tooltip("v:Q", title=axis, format=".1f"),
        ],
    )
    means = base.mark_tick(thickness=3, size=14, color=OKABE_ITO[5]).encode(
        x=alt.X("mean(v):Q", title=axis, scale=alt.Scale(zero=False, nice=True))
    )
    layered = alt.layer(means, points, data=alt.Data(values=records))
    faceted = layered.properties(width=210, height={"step": 18}).facet(
        facet=alt.Facet("t:N", title=None, sort=list(dict.fromkeys(rows["target"]))),
        columns=min(_COLUMNS, rows["target"].nunique()),
    )
    faceted = faceted.resolve_scale(x="independent")
    return faceted.properties(title=title) if title else faceted
