"""Names of a study's figures: what its rule declares before there is any result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.grid.twins import language_twins

if TYPE_CHECKING:
    from xstilts.grid.grid import Grid

FORMATS = ("svg", "png")


def figure_names(grid: Grid) -> tuple[str, ...]:
    """Figures of a study, in the order of the report; ``languages/TARGET`` for each target."""
    names = ["transfer", "languages"]
    names += [f"languages/{target}" for target in grid.targets]
    if grid.study.source == "microworld":
        names.append("properties")
    if language_twins(grid):
        names.append("sources")
    if len(grid.study.bases) > 1:
        names.append("scale")
    names += ["gap", "seeds"]
    if any(node.task.kind == "retrieval" for node in grid.targets.values()):
        names.append("layers")
    return (*names, "training", "selection", "cost")


def figure_files(grid: Grid) -> list[str]:
    """The files of all figures."""
    return [f"{grid.paths.figures}/{name}.{end}" for name in figure_names(grid) for end in FORMATS]
