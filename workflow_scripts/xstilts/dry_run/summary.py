"""The summary of a dry run as lines: what is wrong first, at most 58 in all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.dry_run.changes import why_again
from xstilts.dry_run.data import data_lines
from xstilts.dry_run.estimate import estimates
from xstilts.dry_run.tables import by_kind, by_stage, by_strategy, by_target, table
from xstilts.dry_run.text import clip, first, wrapped
from xstilts.errors import UserError
from xstilts.paths import product
from xstilts.plan.data import gated_models, unverified_downloads
from xstilts.results import failures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from xstilts.dry_run.jobs import DryJob
    from xstilts.grid import Grid

MOST_LINES = 58
"""Maximum number of lines; Snakemake writes two before them."""
MORE = "Nothing was made. --verbose shows the jobs, `xstilts explain PATH` one product."


def summary(grid: Grid, jobs: Collection[DryJob], existing: Collection[str]) -> list[str]:
    """Return the lines of a dry run's summary.

    Args:
        grid: the study.
        jobs: jobs that a run would start.
        existing: products that are up to date.
    """
    old = [job for job in jobs if job.exists]
    again = {job.product for job in old}
    names = [job.product for job in jobs]
    files = {file for job in jobs for file in job.outputs}
    made = {product(file) for file in files}
    reasons, errors = why_again(grid, old)
    try:
        numbers, problems = estimates(grid, files)
    except UserError as error:
        numbers, problems = [], [str(error)]
    wrong = [
        *grid.gaps.sentences(),
        *unverified_downloads(grid),
        *errors,
        *problems,
        *_licences(grid),
        *_unfinished(grid, names),
    ]
    counts = by_kind([name for name in names if name not in again], again, existing)
    tables = {
        "To train, by stage": by_stage(grid, made),
        "By strategy": by_strategy(grid, made),
        "By target": by_target(grid, made),
    }
    last = [*data_lines(grid, jobs), *numbers]
    for most in range(12, 2, -1):
        parts = [
            *_part("Wrong or missing", _wrapped(wrong), most),
            f"{grid.study.study}: {len(jobs)} jobs to run",
            *counts,
            *(
                line
                for title, rows in tables.items()
                for line in _part(title, table(rows, most), most)
            ),
            *_part("Why some are made again", reasons, most),
            *last,
            MORE,
        ]
        if len(parts) <= MOST_LINES:
            break
    return [clip(line) for line in parts]


def _part(title: str, lines: Iterable[str], most: int) -> Iterator[str]:
    """Yield a title and at most some lines, if there are any."""
    found = list(first(lines, most))
    if found:
        yield from (title, *found)


def _wrapped(problems: Iterable[str]) -> Iterator[str]:
    """Yield the lines of what prevents the run, or went wrong in an earlier one."""
    for text in dict.fromkeys(problems):
        yield from wrapped(text).splitlines()


def _licences(grid: Grid) -> list[str]:
    return [
        f"accept the licence first: https://huggingface.co/{model}" for model in gated_models(grid)
    ]


def _unfinished(grid: Grid, made: list[str]) -> list[str]:
    """Return the jobs to run that did not finish in an earlier run, with the reason."""
    found = failures.read(Path(grid.paths.failures))
    return [f"did not finish: {name}: {found[name].reason}" for name in made if name in found]
