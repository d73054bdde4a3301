"""Jobs that build the report of a study and its figures, from the tables that exist."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from xstilts.chains import chain_label
from xstilts.grid.figures import figure_names
from xstilts.jobs.tables import build_tables, evaluated_unknown_shares, study_header
from xstilts.microworld.world import properties
from xstilts.report.build import build_report
from xstilts.report.figures.write import write_figures
from xstilts.report.frames import read_frames
from xstilts.report.source import CellFiles, Source

if TYPE_CHECKING:
    from xstilts.grid import Grid
    from xstilts.grid.grid import Cell


def study_source(grid: Grid) -> Source:
    """Collect the sources of a study's report."""
    study, world = grid.study, grid.names.coverage.world
    return Source(
        root=Path(grid.paths.root),
        header=study_header(grid),
        source_language=study.source_language,
        strategies={name: grid.strategy_text(name, "target") for name in study.strategies},
        cells=tuple(_cell(grid, cell) for cell in grid.cells()),
        figures=figure_names(grid),
        views={
            view: (Path(grid.in_view(view).paths.tables), study_header(grid.in_view(view)))
            for view in grid.views
            if view != grid.view
        },
        unknown_shares=tuple(evaluated_unknown_shares(grid)),
        properties=tuple(properties(world)) if world else (),
    )


def _cell(grid: Grid, cell: Cell) -> CellFiles:
    node, chain = grid.targets[cell.target], chain_label(cell.stages)
    models = [
        grid.paths.intermediate(cell.base, cell.seed, cell.stages[:end])
        for end in range(1, len(cell.stages) + (grid.joined(chain) is None))
    ]
    models.append(grid.model_of(cell.base, cell.seed, chain, cell.target))
    root = PurePosixPath(grid.paths.root)
    return CellFiles(
        model=cell.base,
        strategy=cell.strategy,
        target=cell.target,
        seed=cell.seed,
        task=node.task.name,
        kind=node.task.kind,
        split=node.split,
        languages=node.languages,
        folder=f"{cell.base}/seed-{cell.seed}/{chain}/{cell.target}",
        # a target without training is predicted by the last intermediate model
        stages=tuple(
            dict.fromkeys(str(PurePosixPath(path).parent.relative_to(root)) for path in models)
        ),
    )


def build_study_report(grid: Grid) -> None:
    """Write the report of the study's tables, which must exist."""
    build_report(study_source(grid), Path(grid.paths.report))


def build_study_figures(grid: Grid) -> None:
    """Write the figures of the study's tables, which must exist."""
    write_figures(read_frames(study_source(grid)), Path(grid.paths.figures))


def rewrite_notes(grid: Grid) -> list[str]:
    """Rewrite existing tables and report, whose notes (on accepted products) may have changed.

    Returns:
        The transfer tables and the report that were rewritten.
    """
    rewritten = []
    for one in map(grid.in_view, grid.views):
        table = Path(one.paths.tables) / "transfer.md"
        if table.is_file():
            build_tables(one, table.parent)
            rewritten.append(table.as_posix())
    if rewritten and Path(grid.paths.report).is_file():
        build_study_report(grid)
        rewritten.append(grid.paths.report)
    return rewritten
