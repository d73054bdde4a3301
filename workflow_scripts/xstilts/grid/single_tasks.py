"""Strategies of one stage on one task, which tell how hard the task is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from xstilts.chains import Member
    from xstilts.grid.grid import Grid


class SingleTask(NamedTuple):
    """A strategy whose one stage trains on one set of one task."""

    strategy: str
    label: str
    """Of the stage."""
    member: Member


def single_tasks(grid: Grid) -> list[SingleTask]:
    """Strategies of one stage on one set, masked language modelling apart, which has no answers."""
    return [
        SingleTask(strategy, stages[0].label, stages[0].members[0])
        for strategy, stages in grid.names.strategies.items()
        if len(stages) == 1 and len(stages[0].members) == 1 and not stages[0].with_target
        if TASKS[stages[0].members[0].task].kind != "mlm"
    ]
