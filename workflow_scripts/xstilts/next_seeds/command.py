"""``xstilts next``: what is undecided, what would decide it, and the lines to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.next_seeds.run_lines import run_lines
from xstilts.next_seeds.text import comparison_lines, spending_lines

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from xstilts.grid import Grid
    from xstilts.next_seeds.choice import Candidate
    from xstilts.next_seeds.comparisons import Compared
    from xstilts.next_seeds.prices import Prices
    from xstilts.statistics.study_scores import StudyScores

ABOUT = "Name the comparisons that are undecided, and the seeds or examples that would decide them."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command, except those that name the study."""
    command.add_argument(
        "--budget", metavar="HOURS", help="hours of computing to spend, as in 40h, 90min or 2d"
    )
    command.add_argument(
        "--gpu",
        metavar="NAME",
        help="GPU to plan for, as in A100-80GB (default: the device of most finished jobs)",
    )


def next_lines(arguments: argparse.Namespace, grid: Grid) -> Iterator[str]:
    """Yield the undecided comparisons, their best order, and how to go on.

    Raises:
        UserError: there are no results, or none of the baseline; invalid option; with
            ``--budget``, the hours are unknown.
    """
    from xstilts.jobs.statistics import study_scores
    from xstilts.next_seeds.choice import choose
    from xstilts.next_seeds.comparisons import compared
    from xstilts.next_seeds.prices import hours_of, prices

    budget = hours_of(arguments.budget) if arguments.budget else float("inf")
    _require_results(grid)
    scores = study_scores(grid)
    _require_baseline(grid, scores)
    every = list(compared(scores, grid.study.contrasts))
    if not every:
        yield f"{grid.study.study}: one strategy and no contrasts: nothing is compared."
        return
    undecided = [one for one in every if one.seeds and not one.any_time.decided]
    fresh = _seeds(grid, undecided)
    found = prices(grid, fresh, arguments.gpu)
    candidates = [_candidate(one, fresh, found) for one in undecided if one.wanted]
    known = [one for one in candidates if not isinstance(one.hours, str)]
    order = choose(known, found.hours)
    unpriced = [one for one in candidates if isinstance(one.hours, str)]
    yield from comparison_lines(grid, every, [*order.candidates, *unpriced])
    if not undecided:
        return
    _require_hours(candidates, known, arguments.budget)
    choice = choose(known, found.hours, budget)
    yield from spending_lines(order, choice, unpriced, found, arguments.budget)
    # without a budget, unknown hours are no reason to leave a comparison out
    chosen = [*choice.candidates, *([] if arguments.budget else unpriced)]
    if chosen:
        yield from run_lines(grid, chosen, arguments)


def _require_results(grid: Grid) -> None:
    if any(Path(file).is_file() for file in grid.scores()):
        return
    names = f"{grid.paths.root}/scores"
    if Path(grid.paths.tables).is_dir() or Path(grid.paths.report).is_file():
        raise UserError(
            f"next: {names}: the scores of this study were deleted; its tables alone do not say "
            "how much its seeds vary. Make them again with `snakemake scores`."
        )
    raise UserError(
        f"next: {names}: no results yet. Run the study first; `xstilts plan` has its hours."
    )


def _require_baseline(grid: Grid, scores: StudyScores) -> None:
    """Raise a UserError if the baseline has no scores, so that nothing can be compared with it."""
    baseline = grid.study.baseline
    names = {name for found in scores.by_target.values() for name, _, _ in found.scores}
    if baseline not in names:
        raise UserError(
            f"next: the baseline {baseline!r} has no scores on any target, and the strategies are "
            f"compared with it: {grid.lines.where(('strategies', baseline))}. Run it first "
            "(`xstilts cells` names its cells), or choose another `baseline`."
        )


def _seeds(grid: Grid, undecided: Sequence[Compared]) -> list[int]:
    """Return the study's seeds and those to add after them, as many as any comparison wants."""
    seeds = list(grid.study.seeds)
    wanted = [one.wanted - len(one.seeds) for one in undecided if one.wanted]
    first = max(seeds) + 1
    return [*seeds, *range(first, first + max(wanted, default=0))]


def _candidate(one: Compared, seeds: Sequence[int], found: Prices) -> Candidate:
    """Return a comparison with the seeds that it lacks: unfinished ones of the study come first."""
    from xstilts.next_seeds.choice import Candidate

    lacking = [seed for seed in seeds if seed not in one.seeds]
    more = tuple(lacking[: (one.wanted or 0) - len(one.seeds)])
    products = found.missing(one, more)
    return Candidate(compared=one, seeds=more, products=products, hours=found.total(products))


def _require_hours(
    candidates: Sequence[Candidate], known: Sequence[Candidate], budget: str | None
) -> None:
    """Raise a UserError if a budget is to be spent and no comparison has known hours."""
    if budget and candidates and not known:
        raise UserError(
            f"--budget {budget}: the hours are unknown: {candidates[0].hours}. Name a GPU (--gpu), "
            "or keep the manifests of finished models, whose times calibrate the plan."
        )
