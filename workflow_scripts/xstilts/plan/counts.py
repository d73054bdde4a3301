"""Numbers of trainings and predictions of a study, and the savings of its prefix tree."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from xstilts.chains import chain_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xstilts.grid import Grid
    from xstilts.plan.jobs import Planned


def naive_trainings(grid: Grid) -> int:
    """Return the number of trainings if each cell trained its whole chain, without pretraining."""
    total = 0
    for cell in grid.cells():
        trained = bool(grid.targets[cell.target].members)
        # a stage that is joint with the target is not an additional one
        joined = trained and grid.joined(chain_label(cell.stages)) is not None
        total += len(cell.stages) + trained - joined
    return total


def shared_prefixes(grid: Grid) -> int:
    """Return the number of intermediate models that several cells share."""
    found = Counter(
        (c.base, c.seed, c.stages[:length])
        for c in grid.cells()
        for length in range(1, len(c.stages) + (grid.joined(chain_label(c.stages)) is None))
    )
    return sum(count > 1 for count in found.values())


def counts(grid: Grid, jobs: Iterable[Planned]) -> dict[str, Any]:
    """Return trainings by position, trainings saved by sharing, and predictions."""
    by_position: Counter[str] = Counter()
    for job in jobs:
        by_position[job.position] += len(set(job.products))
    cells = by_position.pop("prediction", 0)
    after = sum(count for position, count in by_position.items() if position != "pretrain")
    naive = naive_trainings(grid)
    return {
        "bases": len(grid.study.bases),
        "seeds": len(grid.study.seeds),
        "trainings": dict(by_position),
        "trainings_after_pretraining": after,
        "cell_by_cell": naive,
        "saved": naive - after,
        "shared_prefixes": shared_prefixes(grid),
        "predicted_cells": cells,
        "prediction_files": sum(path.endswith(".parquet") for path in grid.predictions()),
    }
