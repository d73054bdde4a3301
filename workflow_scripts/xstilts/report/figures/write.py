"""Figures as files, made without a browser and without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import vl_convert

from xstilts.files import atomic_path, write_text
from xstilts.report.figures.all import make_figure
from xstilts.report.figures.base import config

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.report.frames import Frames

VEGA_LITE = "6.1"
"""Version of Vega-Lite: the one that Altair writes, as vl-convert names it."""
_SCALE = 2.0
"""Pixels of PNG files per unit: sharp in print and on good screens."""


def write_figures(frames: Frames, folder: Path) -> None:
    """Write every figure of a study as ``folder/NAME.svg`` and ``.png``."""
    look = config("light") | {"background": "white"}
    for name in frames.source.figures:
        spec = make_figure(name, frames).spec()
        svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, config=look)
        write_text(folder / f"{name}.svg", svg)
        with atomic_path(folder / f"{name}.png") as temporary:
            temporary.write_bytes(vl_convert.svg_to_png(svg, scale=_SCALE))
