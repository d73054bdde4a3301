"""Cost of a study: hours and disk space by kind of product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xstilts.report.figures.base import OKABE_ITO, Figure, chart, empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.report.cost import Cost


def cost(costs: Sequence[Cost]) -> Figure:
    """Bars of hours and of disk space."""
    records: list[dict[str, Any]] = [
        {"k": item.kind, "h": round(item.hours, 4), "g": round(item.gigabytes, 5)} for item in costs
    ]
    order = [item.kind for item in costs]
    bars = [
        chart(records)
        .mark_bar(color=OKABE_ITO[at])
        .encode(
            x=alt.X(f"{field}:Q", title=title),
            y=alt.Y("k:N", title=None, sort=order),
            tooltip=[
                alt.Tooltip("k:N", title="product"),
                alt.Tooltip(f"{field}:Q", title=title),
            ],
        )
        .properties(width=260, height={"step": 20})
        for at, (field, title) in enumerate((("h", "hours of all jobs"), ("g", "disk in GB")))
    ]
    return Figure(
        name="cost",
        title="Cost",
        text="Wall-clock hours of the last run of every job, and disk space, by kind of product.",
        chart=alt.hconcat(*bars) if costs else empty("cost"),
    )
