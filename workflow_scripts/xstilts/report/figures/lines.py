"""Line figures: scores by layer, and training curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xstilts.report.figures.base import (
    Figure,
    by_model,
    colour_of,
    dash_of,
    empty,
    number,
)

if TYPE_CHECKING:
    import pandas as pd

    from xstilts.report.frames import Frames

_COLUMNS = 3


def layers(frames: Frames) -> Figure:
    """Retrieval by hidden state."""
    rows = frames.layers.rename(columns={"strategy": "s", "target": "t"})
    rows = rows.assign(x=rows["layer"], v=rows["mean"])
    names = [name for name in frames.source.strategies if name in set(rows["s"])]
    return Figure(
        name="layers",
        title="Retrieval by layer",
        text="Mean over languages and seeds at each hidden state; 0 is the embeddings. The tables "
        "show the hidden state at the protocol's depth.",
        chart=_lines(rows, names, ("hidden state", "score", "strategy"), whole=True),
    )


def training(curves: pd.DataFrame) -> Figure:
    """Training loss by step, a panel per trained stage.

    Args:
        curves: from ``xstilts.report.training.curves``.
    """
    names = list(dict.fromkeys(curves["s"]))
    return Figure(
        name="training",
        title="Training loss",
        text="Loss by step, averaged over seeds and over neighbouring steps; one panel per stage, "
        "one line per chain of stages before it. Click in the legend to highlight a line.",
        chart=_lines(curves, names, ("step", "loss", "trained before"), whole=False),
    )


def selection(curves: pd.DataFrame) -> Figure:
    """Dev scores by step, for stages whose weights are selected on dev sets.

    Args:
        curves: from ``xstilts.report.training.selections``.
    """
    names = list(dict.fromkeys(curves["s"]))
    return Figure(
        name="selection",
        title="Dev scores during training",
        text="The metric that selects the weights of a stage, by step, averaged over seeds and dev "
        "sets. Stages that keep their last weights have none.",
        chart=_lines(curves, names, ("step", "dev score", "trained before"), whole=False),
    )


def _lines(
    rows: pd.DataFrame, names: list[str], titles: tuple[str, str, str], *, whole: bool
) -> Any:
    made = by_model(rows, lambda found, model: _facets(found, names, titles, whole, model))
    return made or empty(titles[1])


def _facets(
    rows: pd.DataFrame, names: list[str], titles: tuple[str, str, str], whole: bool, title: str
) -> Any:
    x_title, y_title, legend = titles
    records = [
        {"s": row["s"], "t": row["t"], "x": int(row["x"]), "v": number(row["v"], 3)}
        for row in rows[["s", "t", "x", "v"]].to_dict("records")
    ]
    picked = alt.selection_point(name=f"pick_{x_title.replace(' ', '_')}", fields=["s"],
                                 bind="legend")  # fmt: skip
    # one tick per hidden state: there is nothing between two of them
    axis = (
        alt.Axis(values=sorted({int(x) for x in rows["x"]}), format="d")
        if whole
        else alt.Axis(tickMinStep=1, format="~s", tickCount=5)
    )
    lines = (
        alt.Chart()
        .mark_line(strokeWidth=2, point={"size": 22} if whole else False)
        .encode(
            x=alt.X("x:Q", title=x_title, axis=axis),
            y=alt.Y("v:Q", title=y_title, scale=alt.Scale(zero=False)),
            color=colour_of(names, legend),
            opacity=alt.condition(picked, alt.value(0.9), alt.value(0.1)),
            tooltip=[
                alt.Tooltip("s:N", title=legend),
                alt.Tooltip("x:Q", title=x_title),
                alt.Tooltip("v:Q", title=y_title),
            ],
        )
        .add_params(picked)
    )
    if len(names) > 1:
        lines = lines.encode(strokeDash=dash_of(names, legend))
    groups = list(dict.fromkeys(rows["t"]))
    faceted = (
        alt.layer(lines, data=alt.Data(values=records))
        .properties(width=230, height=150)
        .facet(facet=alt.Facet("t:N", title=None, sort=groups), columns=min(_COLUMNS, len(groups)))
        .resolve_scale(x="independent", y="independent")
        .resolve_axis(x="independent", y="independent")
    )
    return faceted.properties(title=title) if title else faceted
