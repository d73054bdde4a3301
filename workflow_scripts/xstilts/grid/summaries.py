"""Identities of what is made of all cells together: tables, statistics, figures, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.files import sha256_of
from xstilts.fingerprint import fingerprint
from xstilts.grid.views import CHOICE

if TYPE_CHECKING:
    from xstilts.grid.grid import Grid

PAGE = Path(__file__).parents[1] / "report/page"


def overlap(grid: Grid) -> dict[str, Any]:
    """Identity of the overlap audit: what it compares, and the code."""
    return {
        "trained": grid.training_data(),
        "evaluated": grid.evaluation_data(),
        "code": fingerprint(["xstilts.data.overlap"]),
    }


def tables(grid: Grid) -> dict[str, Any]:
    """Identity of the tables (scores apart): the cells, their names and order, the code."""
    study = grid.study
    return {
        "study": study.study,
        "question": study.question,
        "bases": list(study.bases),
        "seeds": study.seeds,
        "baseline": study.baseline,
        "protocol": grid.protocol,
        "strategies": {name: grid.strategy_text(name) for name in study.strategies},
        "targets": {name: list(node.languages) for name, node in grid.targets.items()},
        "code": fingerprint(["xstilts.results.tables", "xstilts.results.render"]),
    }


def figures(grid: Grid) -> dict[str, Any]:
    """Identity of the report's figures (tables apart): what the tables have, and the code."""
    declared = tables(grid)
    declared["code"] = fingerprint(["xstilts.report.figures.write"])
    return declared


def statistics(grid: Grid) -> dict[str, Any]:
    """Identity of the statistics (scores, predictions and claims apart)."""
    declared = tables(grid)
    declared["source_language"] = grid.study.source_language
    declared["claims"] = list(grid.study.claims)
    if grid.study.choose_on and grid.view != CHOICE:
        declared["choose_on"] = grid.study.choose_on
    declared["contrasts"] = [list(pair) for pair in grid.study.contrasts]
    declared["correct_over"] = grid.study.correct_over
    declared["replicates"] = grid.study.replicates
    entries = [
        "xstilts.statistics.effects",
        "xstilts.statistics.groups",
        "xstilts.statistics.best",
        "xstilts.statistics.difficulty",
        "xstilts.statistics.scale",
        "xstilts.statistics.variance",
        "xstilts.stages.difficulty",
        "xstilts.statistics.sources",
        "xstilts.grid.twins",
        "xstilts.statistics.claims",
        "xstilts.languages",
        "xstilts.statistics.summaries",
    ]
    declared["code"] = fingerprint([*entries, "xstilts.statistics.counts"])
    return declared


def report(grid: Grid) -> dict[str, Any]:
    """Identity of the report (tables apart): what the tables have, and the page."""
    declared = tables(grid)
    declared["code"] = fingerprint(["xstilts.report.build"])
    declared["page"] = {path.name: sha256_of(path) for path in sorted(PAGE.iterdir())}
    return declared
