"""Identities of products made from all cells: tables, statistics, figures, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.comparison_names import MODULES
from xstilts.files import sha256_of
from xstilts.fingerprint import fingerprint
from xstilts.grid.prior_training import repeated
from xstilts.grid.source_report import source_lines
from xstilts.grid.views import CHOICE

if TYPE_CHECKING:
    from xstilts.grid.grid import Grid

PAGE = Path(__file__).parents[1] / "report/page"


def overlap(grid: Grid) -> dict[str, Any]:
    """Return the identity of the overlap audit: compared data sets and code."""
    return {
        "trained": grid.training_data(),
        "evaluated": grid.evaluation_data(),
        "code": fingerprint(["overlap"]),
    }


def tables(grid: Grid) -> dict[str, Any]:
    """Return the identity of the tables, without scores: cells with names and order, code."""
    study = grid.study
    # left out if there is none, so that it is not part of the identity of other studies
    marked = sorted([*mark, corpus] for mark, corpus in grid.contaminated().items())
    seen = {base: list(repeated(grid, base)) for base in study.bases}
    declared: dict[str, Any] = {
        **({"contaminated": marked} if marked else {}),
        **({"repeated": seen} if any(any(of) for of in seen.values()) else {}),
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
    # named in the legends
    if origins := list(source_lines(grid)):
        declared["sources"] = origins
    if grid.gaps:
        declared["left_out"] = grid.gaps.text()
    return declared


def figures(grid: Grid) -> dict[str, Any]:
    """Return the identity of the figures, without tables: contents of the tables, code."""
    declared = tables(grid)
    declared["code"] = fingerprint(["xstilts.report.figures.write"])
    return declared


def statistics(grid: Grid) -> dict[str, Any]:
    """Return the identity of the statistics, without scores, predictions and claims."""
    declared = tables(grid)
    declared["source_language"] = grid.study.source_language
    declared["claims"] = list(grid.study.claims)
    if grid.study.choose_on and grid.view != CHOICE:
        declared["choose_on"] = grid.study.choose_on
    declared["contrasts"] = [list(pair) for pair in grid.study.contrasts]
    declared["correct_over"] = grid.study.correct_over
    declared["replicates"] = grid.study.replicates
    entries = [*MODULES, "xstilts.jobs.statistics"]
    declared["code"] = fingerprint(entries)
    return declared


def report(grid: Grid) -> dict[str, Any]:
    """Return the identity of the report, without tables: contents of the tables, page."""
    declared = tables(grid)
    declared["code"] = fingerprint(["xstilts.report.build", *MODULES])
    declared["page"] = {path.name: sha256_of(path) for path in sorted(PAGE.iterdir())}
    return declared
