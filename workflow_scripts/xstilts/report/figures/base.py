"""What all figures share: colours that colour-blind people can tell apart, text, empty figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8c8c8c")
"""Okabe and Ito's palette, with grey in place of black and without yellow, which are invisible on
one background or the other."""
DASHES = ((1, 0), (6, 3), (2, 2), (8, 2, 2, 2), (10, 4))
"""A second mark of a line, for more lines than colours."""
GREY = "#d0d0d0"
"""What has a colour by its value and has no value."""
INK = {"light": "#1f1f1f", "dark": "#e8e8e8"}
GRID_LINES = {"light": "#d0d0d0", "dark": "#4a4a4a"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One figure."""

    name: str
    """Its name in the study, as in ``figures/NAME.svg``."""
    title: str
    text: str
    """What it shows and how to read it: caption, and description for screen readers."""
    chart: Any
    """An Altair chart."""

    def spec(self) -> dict[str, Any]:
        """The figure as Vega-Lite."""
        # the schema is the library's own promise; checking thousands of values takes seconds
        spec: dict[str, Any] = self.chart.to_dict(validate=False)
        for key in ("config", "$schema"):
            spec.pop(key, None)
        return spec | {"description": f"{self.title}. {self.text}"}


def config(scheme: str) -> dict[str, Any]:
    """Vega-Lite's config for a "light" or a "dark" background, which is the page's own."""
    ink, lines = INK[scheme], GRID_LINES[scheme]
    return {
        "background": "transparent",
        "font": "system-ui, 'Liberation Sans', Arial, sans-serif",
        "title": {"color": ink, "subtitleColor": ink, "anchor": "start", "fontSize": 13},
        "axis": {
            "labelColor": ink,
            "titleColor": ink,
            "gridColor": lines,
            "domainColor": lines,
            "tickColor": lines,
            "labelFontSize": 11,
            "titleFontWeight": "normal",
            "labelLimit": 180,
        },
        "legend": {"labelColor": ink, "titleColor": ink, "labelLimit": 220, "symbolLimit": 60},
        "header": {"labelColor": ink, "titleColor": ink, "labelFontWeight": "bold"},
        "text": {"color": ink},
        "view": {"stroke": None},
        "scale": {"invalid": {"color": {"value": GREY}}},
    }


def chart(records: Iterable[dict[str, Any]]) -> alt.Chart:
    """A chart of records; fields need their types, since nothing looks at the values."""
    return alt.Chart(alt.Data(values=list(records)))


def number(value: float, digits: int = 2) -> float | None:
    """A number as short as a picture needs it; None for NaN, which JSON lacks."""
    return None if math.isnan(value) else round(value, digits) + 0.0


def empty(title: str) -> alt.Chart:
    """A figure that says that there is nothing to show."""
    base = chart([{"text": "No result yet."}])
    return base.mark_text(fontSize=14).encode(text="text:N").properties(title=title)


def by_model(rows: pd.DataFrame, make: Callable[[pd.DataFrame, str], Any]) -> Any:
    """One chart per base model, below each other; None where there are no rows.

    Args:
        rows: a table with the column ``model``.
        make: chart of the rows of one model, and its title (empty for the only one).
    """
    models = list(dict.fromkeys(rows["model"]))
    charts = [
        make(rows[rows["model"] == model], str(model) if len(models) > 1 else "")
        for model in models
    ]
    if len(charts) < 2:
        return charts[0] if charts else None
    return alt.vconcat(*charts).resolve_scale(color="independent")


def colour_of(names: Sequence[str], title: str, field: str = "s") -> alt.Color:
    """A colour per name; they repeat after seven, where a dash or the row tells them apart."""
    colours = [OKABE_ITO[at % len(OKABE_ITO)] for at in range(len(names))]
    scale = alt.Scale(domain=list(names), range=colours)
    return alt.Color(f"{field}:N", scale=scale, title=title)


def dash_of(names: Sequence[str], title: str, field: str = "s") -> alt.StrokeDash:
    """A dash per name, another one with each round of the colours."""
    dashes = [list(DASHES[at // len(OKABE_ITO) % len(DASHES)]) for at in range(len(names))]
    scale = alt.Scale(domain=list(names), range=dashes)
    return alt.StrokeDash(f"{field}:N", scale=scale, title=title)
