"""Heat maps of training languages by evaluation languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from xstilts.report.effects import extent
from xstilts.report.figures.base import Figure, by_model, empty
from xstilts.report.figures.heat import heat

if TYPE_CHECKING:
    import pandas as pd

    from xstilts.report.frames import Frames

_RELATIONS = {"intermediate": "before", "target": "for"}


def sources(frames: Frames) -> Figure:
    """Training language by evaluation language, a panel per task and target."""
    title = "Training language by evaluation language"
    rows, full = frames.sources, 1.0
    made: Any = empty(title)
    if not rows.empty and not rows["mean"].isna().all():
        full = extent(rows["delta"])
        rows = rows.assign(strategy=rows["source"])
        made = by_model(rows, lambda found, model: _panels(found, full, model))
    text = (
        "Rows: training language; columns: evaluation language. Colour: difference from training "
        "in the control language, in points; blue is better, orange is worse. Grey: score of the "
        f"control itself. Full colour: {full:g} points or more."
    )
    return Figure(name="sources", title=title, text=text, chart=made)


def _panels(rows: pd.DataFrame, full: float, model: str) -> Any:
    panels = []
    for (position, task, target), found in rows.groupby(["position", "task", "target"], sort=False):
        title = f"{task} {_RELATIONS[str(position)]} {target}" + (f", {model}" if model else "")
        panels.append(heat(found, "language", 42, full, title))
    return alt.vconcat(*panels) if len(panels) > 1 else panels[0]
