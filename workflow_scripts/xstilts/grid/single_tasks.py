"""Strategies with one stage on one task, which measure the difficulty of the task."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from xstilts.chains import Member
    from xstilts.grid.grid import Grid


class SingleTask(NamedTuple):
    """A strategy with a single stage on a single training set."""

    strategy: str
    label: str
    """Label of the stage."""
    member: Member


def single_tasks(grid: Grid) -> list[SingleTask]:
    """Return the strategies with one stage on one training set, except for MLM."""
    return [
        SingleTask(strategy, stages[0].label, stages[0].members[0])
        for strategy, stages in grid.names.strategies.items()
        if len(stages) == 1 and len(stages[0].members) == 1 and not stages[0].with_target
        if grid.study.known_tasks[stages[0].members[0].task].kind != "mlm"
    ]
