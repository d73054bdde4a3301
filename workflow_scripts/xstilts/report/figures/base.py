"""Common parts of all figures: colour-blind safe palette, themes, empty figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8c8c8c")
"""Okabe and Ito's palette, with grey instead of black and without yellow: black is invisible on a
dark background, yellow on a light one."""
DASHES = ((1, 0), (6, 3), (2, 2), (8, 2, 2, 2), (10, 4))
"""Dash patterns, for more lines than colours."""
GREY = "#d0d0d0"
"""Colour of missing values."""
INK = {"light": "#1f1f1f", "dark": "#e8e8e8"}
GRID_LINES = {"light": "#d0d0d0", "dark": "#4a4a4a"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One figure."""

    name: str
    """Name in the study, as in ``figures/NAME.svg``."""
    title: str
    text: str
    """Caption, also the description for screen readers."""
    chart: Any
    """An Altair chart."""

    def spec(self) -> dict[str, Any]:
        """The figure as Vega-Lite."""
        # Altair's own output needs no validation, which takes seconds for thousands of values
        spec: dict[str, Any] = self.chart.to_dict(validate=False)
        for key in ("config", "$schema"):
            spec.pop(key, None)
        return spec | {"description": f"{self.title}. {self.text}"}


def config(scheme: str) -> dict[str, Any]:
    """Vega-Lite's config for the "light" or the "dark" background of the page."""
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
    """A chart of records; encodings need types, since Altair cannot infer them from records."""
    return alt.Chart(alt.Data(values=list(records)))


def number(value: float, digits: int = 2) -> float | None:
    """A number rounded for a figure; None for NaN, which JSON lacks."""
    return None if math.isnan(value) else round(value, digits) + 0.0


def empty(title: str) -> alt.Chart:
    """A figure without data, which says so."""
    base = chart([{"text": "No result yet."}])
    return base.mark_text(fontSize=14).encode(text="text:N").properties(title=title)


def by_model(rows: pd.DataFrame, make: Callable[[pd.DataFrame, str], Any]) -> Any:
    """One chart per base model, one below the other; None if there are no rows.

    Args:
        rows: a table with the column ``model``.
        make: makes the chart of one model from its rows and title (empty for the only model).
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
    """A colour per name; colours repeat after seven names, which then differ in dash or row."""
    colours = [OKABE_ITO[at % len(OKABE_ITO)] for at in range(len(names))]
    scale = alt.Scale(domain=list(names), range=colours)
    return alt.Color(f"{field}:N", scale=scale, title=title)


def dash_of(names: Sequence[str], title: str, field: str = "s") -> alt.StrokeDash:
    """A dash pattern per name; it changes each time the colours repeat."""
    dashes = [list(DASHES[at // len(OKABE_ITO) % len(DASHES)]) for at in range(len(names))]
    scale = alt.Scale(domain=list(names), range=dashes)
    return alt.StrokeDash(f"{field}:N", scale=scale, title=title)
