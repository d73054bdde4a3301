"""Heat maps: differences from the baseline, strategies by targets or by languages."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import altair as alt

from xstilts.languages import FAMILY, SCRIPT
from xstilts.numbers import signed
from xstilts.report.effects import extent, uncertainty_text
from xstilts.report.figures.base import Figure, by_model, empty, number
from xstilts.report.links import cell_link
from xstilts.results.pivot import MANY_COLUMNS
from xstilts.results.tables import AVERAGE

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

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
        tall = column == "language" and rows[column].nunique() > MANY_COLUMNS
        draw = by_family if tall else partial(heat, column=column, step=step)
        made = by_model(rows, lambda found, model: draw(found, full=full, title=model))
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
    axes = {
        "x": _axis("t", rows[column], orient="top", labelAngle=-40),
        "y": _axis("s", rows["strategy"]),
    }
    records = [_record(row, column) for row in rows.to_dict("records")]
    layered = _layers(axes, column, full).properties(
        data=alt.Data(values=records), width={"step": step}, height={"step": 24}
    )
    return layered.properties(title=title) if title else layered


def by_family(rows: pd.DataFrame, full: float, title: str) -> Any:
    """One heat map of many languages: these down, by family, script and code; strategies across.

    Args:
        rows: ``strategy``, ``language``, ``mean`` and ``delta``; more for the tooltips.
        full: difference of the full colour.
        title: above the heat map; may be empty.
    """
    codes = sorted(rows["language"].unique(), key=lambda code: (*_group(code), code))
    labels: dict[str, str] = {}
    for code in codes:
        # the first language of a family has its name
        first = not labels or _group(code)[0] != _group(list(labels)[-1])[0]
        labels[code] = f"{_group(code)[0]}: {_with_script(code)}" if first else _with_script(code)
    axes = {
        "x": _axis("s", rows["strategy"], orient="top", labelAngle=-40),
        "y": _axis("l", labels.values(), labelLimit=300),
    }
    records = [
        _record(row, "language") | {"l": labels[row["language"]], "f": _group(row["language"])[0]}
        for row in rows.to_dict("records")
    ]
    families = list(dict.fromkeys(_group(code)[0] for code in codes))
    faceted = (
        _layers(axes, "language", full)
        .properties(width={"step": 66}, height={"step": 17})
        .facet(
            row=alt.Row("f:N", sort=families, header=alt.Header(title=None, labels=False)),
            data=alt.Data(values=records),
            spacing=5,
        )
        .resolve_scale(y="independent")
    )
    return faceted.properties(title=title) if title else faceted


def _group(code: str) -> tuple[str, str]:
    """Family and script of a language, which sort it; those without a known family are last."""
    script = code.rpartition("_")[2] if "_" in code else SCRIPT.get(code, "")
    return FAMILY.get(code, "~ family unknown"), script


def _with_script(code: str) -> str:
    """The code, with the script if it is not Latin and not in the code."""
    script = _group(code)[1]
    return code if "_" in code or script in ("", "Latn") else f"{code} {script}"


def _axis(field: str, values: Iterable[str], **axis: Any) -> Any:
    channel = alt.X if "orient" in axis else alt.Y
    return channel(
        f"{field}:N",
        title=None,
        sort=list(dict.fromkeys(values)),
        axis=alt.Axis(domain=False, ticks=False, **axis),
    )


def _layers(axes: Mapping[str, Any], column: str, full: float) -> Any:
    """Rectangles in the colour of the difference, and the differences as text."""
    base = alt.Chart().encode(
        **axes,
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
    return alt.layer(cells, texts)


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
