"""Tables and figures of the report, known before any result exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.comparison_names import COMPARISONS
from xstilts.grid.language_contrasts import language_contrasts
from xstilts.grid.single_tasks import single_tasks

if TYPE_CHECKING:
    from xstilts.grid.grid import Grid

FORMATS = ("svg", "png")
TABLES = "transfer languages layers trivial_baselines results".split()


def report_tables(grid: Grid) -> list[str]:
    """Return the tables from which report and figures are built."""
    return [f"{grid.paths.tables}/{name}.parquet" for name in (*TABLES, *COMPARISONS)]


def view_tables(grid: Grid) -> list[str]:
    """Return the tables of the study's other views that the report shows."""
    folders = [grid.in_view(view).paths.tables for view in grid.views if view != grid.view]
    return [f"{folder}/{name}.parquet" for folder in folders for name in ("transfer", "effects")]


def figure_names(grid: Grid) -> tuple[str, ...]:
    """Return the names of a study's figures in report order; ``languages/TARGET`` per target."""
    names = ["transfer", "languages"]
    names += [f"languages/{target}" for target in grid.targets]
    if grid.study.source == "microworld":
        names.append("properties")
    if language_contrasts(grid):
        names.append("sources")
    if len(grid.study.bases) > 1:
        names.append("scale")
    names += ["gap", "seeds"]
    if any(node.task.kind == "retrieval" for node in grid.targets.values()):
        names.append("layers")
    names += ["training", "selection"]
    if single_tasks(grid):
        names.append("maps")
    return (*names, "cost")


def figure_files(grid: Grid) -> list[str]:
    """Return the files of all figures."""
    return [f"{grid.paths.figures}/{name}.{end}" for name in figure_names(grid) for end in FORMATS]
