"""All figures of a study, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.report.cost import costs
from xstilts.report.figures import cost, heat, lines, maps, points, properties, scale, sources
from xstilts.report.maps import data_maps
from xstilts.report.training import curves, selections

if TYPE_CHECKING:
    from collections.abc import Callable

    from xstilts.report.figures.base import Figure
    from xstilts.report.frames import Frames


def make_figure(name: str, frames: Frames) -> Figure:
    """Make one figure of a study; without results it says so.

    Args:
        name: one of ``frames.source.figures``.
        frames: the tables of the study.
    """
    family, _, target = name.partition("/")
    if target:
        return heat.languages_of(frames, target)
    return _MAKERS[family](frames)


_MAKERS: dict[str, Callable[[Frames], Figure]] = {
    "transfer": heat.transfer,
    "languages": heat.languages,
    "properties": properties.properties,
    "sources": sources.sources,
    "scale": scale.scale,
    "gap": points.gap,
    "seeds": points.seeds,
    "layers": lines.layers,
    "training": lambda frames: lines.training(curves(frames.source)),
    "selection": lambda frames: lines.selection(selections(frames.source)),
    "maps": lambda frames: maps.maps(data_maps(frames.source)),
    "cost": lambda frames: cost.cost(costs(frames.source.root)),
}
