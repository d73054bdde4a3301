"""Heat maps: differences from the baseline, strategies by targets or by languages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt

from xstilts.numbers import signed
from xstilts.report.effects import extent, uncertainty_text
from xstilts.report.figures.base import Figure, by_model, chart, empty, number
from xstilts.report.links import cell_link
from xstilts.results.tables import AVERAGE

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from xstilts.report.frames import Frames

_STRONG = 0.62
"""Text is white above this fraction of the full colour."""
READING = (
    "Colour: difference from the baseline in points; blue is better, orange is worse. Grey: score "
    "of the baseline itself, or no result."
)


def transfer(frames: Frames) -> Figure:
    """Strategies by targets."""
    rows = frames.transfer
    if rows["num_targets"].max() == 0 or rows["target"].nunique() == 2:
        rows = rows[rows["target"] != AVERAGE]
    return _figure(
        frames, rows, "transfer", "target", "Difference from the baseline, by target", step=66
    )


def languages(frames: Frames) -> Figure:
    """Strategies by languages: means over the targets that have the language."""
    rows = frames.languages
    by = ["model", "strategy", "language"]
    columns = ["mean", "delta", "num_seeds"]
    rows = rows.groupby(by, sort=False)[columns].mean().reset_index()
    title = "Difference from the baseline, by language (mean over targets)"
    return _figure(frames, rows, "languages", "language", title)


def languages_of(frames: Frames, target: str) -> Figure:
    """Strategies by languages of one target."""
    rows = frames.languages[frames.languages["target"] == target]
    title = f"{target}: difference from the baseline, by language"
    return _figure(frames, rows, f"languages/{target}", "language", title)


def _figure(
    frames: Frames, rows: pd.DataFrame, name: str, column: str, title: str, step: int = 42
) -> Figure:
    full = extent(rows["delta"])
    if rows["mean"].isna().all():
        made: Any = empty(title)
    else:
        made = by_model(rows, lambda found, model: heat(found, column, step, full, model))
    text = f"{READING} Full colour: {full:g} points or more."
    return Figure(name=name, title=title, text=text, chart=made)


def heat(rows: pd.DataFrame, column: str, step: int, full: float, title: str) -> Any:
    """One heat map: strategies down, the values of a column across.

    Args:
        rows: ``strategy``, the column, ``mean`` and ``delta``; more for the tooltips.
        column: name of the field across the top.
        step: width of a column in pixels.
        full: difference of the full colour.
        title: above the heat map; may be empty.
    """
    base = chart(_record(row, column) for row in rows.to_dict("records")).encode(
        x=alt.X(
            "t:N",
            title=None,
            sort=list(dict.fromkeys(rows[column])),
            axis=alt.Axis(orient="top", labelAngle=-40, domain=False, ticks=False),
        ),
        y=alt.Y(
            "s:N",
            title=None,
            sort=list(dict.fromkeys(rows["strategy"])),
            axis=alt.Axis(domain=False, ticks=False),
        ),
        tooltip=[
            alt.Tooltip("s:N", title="strategy"),
            alt.Tooltip("t:N", title=column),
            alt.Tooltip("m:N", title="score"),
            alt.Tooltip("u:N", title="difference"),
        ],
    )
    scale = alt.Scale(
        scheme="blueorange", reverse=True, domain=[-full, full], domainMid=0, clamp=True
    )
    legend = alt.Legend(orient="bottom", gradientLength=180, title="difference in points")
    colour = alt.Color("d:Q", scale=scale, legend=legend)
    link = {"href": alt.Href("h:N")} if column == "target" else {}
    cells = base.mark_rect(stroke="white", strokeWidth=1, invalid=None).encode(color=colour, **link)
    strong = f"isValid(datum.d) && abs(datum.d) > {_STRONG * full}"
    texts = base.mark_text(fontSize=11, invalid=None).encode(
        text="x:N", color=alt.condition(strong, alt.value("white"), alt.value("#1f1f1f")), **link
    )
    layered = alt.layer(cells, texts).properties(width={"step": step}, height={"step": 24})
    return layered.properties(title=title) if title else layered


def _record(row: Mapping[Hashable, Any], column: str) -> dict[str, Any]:
    score = "" if math.isnan(row["mean"]) else f"{row['mean']:.1f}"
    record = {"s": row["strategy"], "t": row[column], "d": number(row["delta"])}
    sd = row.get("sd", math.nan)
    record["m"] = (score if math.isnan(sd) else f"{score} ±{sd:.1f}") or "no result"
    if math.isnan(row["delta"]):
        record |= {"x": score or "—", "u": row.get("reason") or "none: nothing to compare with"}
    else:
        text = signed(row["delta"])
        record |= {"x": text, "u": f"{text}{uncertainty_text(row)}"}
    if column == "target" and (link := cell_link(row)):
        record["h"] = f"#{link}"
    return record
