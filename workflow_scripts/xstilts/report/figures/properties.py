"""Transfer by properties of the languages; only for generated ones, whose properties are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xstilts.report.figures.base import Figure, by_model, colour_of, empty, number

if TYPE_CHECKING:
    import pandas as pd

    from xstilts.report.frames import Frames

PROPERTIES = {
    "overlap": "words shared with the source",
    "resource": "amount of pretraining text",
    "order": "word order",
    "script": "script",
}
"""Property of a language to its name in the figure, in the order shown."""
_MEASURED = ("overlap", "resource")


def properties(frames: Frames) -> Figure:
    """The difference from the baseline against each property."""
    rows = differences(frames)
    names = [name for name in frames.source.strategies if name in set(rows["strategy"])]
    made = by_model(rows, lambda found, model: _panels(found, names, model))
    return Figure(
        name="properties",
        title="Difference from the baseline, by property of the language",
        text="Points: one strategy in one language, mean over targets, without the source "
        "language. Points with the same value are offset horizontally by strategy.",
        chart=made or empty("difference"),
    )


def differences(frames: Frames) -> pd.DataFrame:
    """Per model, strategy and language, the mean ``delta`` over targets, with the properties."""
    known = {row["code"]: row for row in frames.source.properties}
    rows = frames.languages
    rows = rows[rows["delta"].notna() & (rows["language"] != frames.source.source_language)]
    rows = rows[rows["language"].isin(list(known))]
    by = ["model", "strategy", "language"]
    found = rows.groupby(by, sort=False)["delta"].mean().reset_index()
    for name in PROPERTIES:
        found[name] = [known[code][name] for code in found["language"]]
    return found


def _panels(rows: pd.DataFrame, names: list[str], title: str) -> Any:
    records = [
        {
            "s": row["strategy"],
            "l": row["language"],
            "v": number(row["delta"]),
            **{name: row[name] for name in PROPERTIES},
        }
        for row in rows.to_dict("records")
    ]
    panels = [_panel(records, name, names) for name in PROPERTIES]
    made = alt.concat(*panels, columns=2)
    return made.properties(title=title) if title else made


def _panel(records: list[dict[str, Any]], name: str, names: list[str]) -> Any:
    kind = "Q" if name in _MEASURED else "N"
    x = alt.X(
        f"{name}:{kind}",
        title=PROPERTIES[name],
        axis=alt.Axis(labelAngle=0),
    )
    points = (
        alt.Chart()
        .mark_point(filled=True, size=60, opacity=0.85)
        .encode(
            x=x,
            y=alt.Y("v:Q", title="difference in points"),
            color=colour_of(names, "strategy"),
            tooltip=[
                alt.Tooltip("s:N", title="strategy"),
                alt.Tooltip("l:N", title="language"),
                alt.Tooltip(f"{name}:{kind}", title=PROPERTIES[name]),
                alt.Tooltip("v:Q", title="difference", format="+.1f"),
            ],
        )
    )
    if kind == "N":
        points = points.encode(xOffset=alt.XOffset("s:N", sort=names))
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color="#8c8c8c").encode(y="zero:Q")
    return alt.layer(zero, points, data=alt.Data(values=records)).properties(width=250, height=180)
