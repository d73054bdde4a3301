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

_PLACES = {"intermediate": "before", "target": "for"}


def sources(frames: Frames) -> Figure:
    """Language of training by language of evaluation, a picture per task and target."""
    title = "Language of training by language of evaluation"
    rows, full = frames.sources, 1.0
    made: Any = empty(title)
    if not rows.empty and not rows["mean"].isna().all():
        full = extent(rows["delta"])
        rows = rows.assign(strategy=rows["source"])
        made = by_model(rows, lambda found, model: _pictures(found, full, model))
    text = (
        "Rows: the language of the training data; columns: the language of evaluation. Colour: "
        "difference to training in the control's language, in points, blue better, orange worse. "
        f"Grey: the control's own score. Full colour: {full:g} points or more."
    )
    return Figure(name="sources", title=title, text=text, chart=made)


def _pictures(rows: pd.DataFrame, full: float, model: str) -> Any:
    pictures = []
    for (position, task, target), found in rows.groupby(["position", "task", "target"], sort=False):
        title = f"{task} {_PLACES[str(position)]} {target}" + (f", {model}" if model else "")
        pictures.append(heat(found, "language", 42, full, title))
    return alt.vconcat(*pictures) if len(pictures) > 1 else pictures[0]
