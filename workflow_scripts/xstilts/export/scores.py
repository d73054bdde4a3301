"""Scores of one model per language, with intervals over its test examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xstilts.jobs.statistics import scores_of, sizes_of
from xstilts.jobs.tables import study_cells
from xstilts.results.cells import collect, values_of
from xstilts.statistics.inference import estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.export.stage import Stage
    from xstilts.grid import Grid
    from xstilts.results.cells import Cell


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """The headline score of a model in one language of a target."""

    target: str
    task: str
    kind: str
    split: str
    protocol: str
    language: str
    metric: str
    value: float
    """0-100."""
    low: float
    """Lower end of the interval; NaN without one."""
    high: float
    examples: int
    remark: str
    """Why there is no interval; empty if there is one."""
    corpus: str
    """Corpus of the evaluated text if the model was trained on it; else empty."""


def scores_of_stage(stage: Stage) -> tuple[list[Score], list[str]]:
    """Return the scores of a model's predictions, and remarks on scores that are left out.

    Intervals are percentiles of bootstrap samples of the test examples
    (``xstilts.statistics``): the variance between seeds is not in the scores of one model.

    Raises:
        UserError: a score or prediction file is damaged.
    """
    found: list[Score] = []
    remarks: list[str] = []
    for view in stage.grid.views:
        grid = stage.grid.in_view(view)
        for cell in _cells(grid, stage):
            rows = collect([cell])
            own = rows[rows["identity_model"] == stage.manifest.id]
            if len(rows) > len(own):
                remarks.append(
                    f"Scores of {cell.target} are left out: they are those of an earlier model."
                )
                continue
            values = values_of(own, [cell])
            sizes = sizes_of(own).get(cell.target, {})
            found += _scores(grid, cell, values, sizes)
    return found, remarks


def _cells(grid: Grid, stage: Stage) -> Iterator[Cell]:
    """Yield the cells of a view that the model predicts, one per target."""
    seen = set()
    for cell in study_cells(grid):
        if (
            cell.model == stage.base
            and cell.chain == stage.chain
            and cell.target not in seen
            and grid.model_of(cell.model, cell.seed, cell.chain, cell.target)
            == stage.path.as_posix()
        ):
            seen.add(cell.target)
            yield cell


def _scores(
    grid: Grid,
    cell: Cell,
    values: dict[tuple[str, str, str, int], dict[str, float]],
    sizes: dict[str, int],
) -> Iterator[Score]:
    node = grid.targets[cell.target]
    scored = scores_of(grid, cell.target, [cell], values, sizes)
    corpus = grid.contaminated().get((cell.model, cell.strategy, cell.target), "")
    for (_, _, language), value in scored.scores.items():
        one = scored.difference(cell.strategy, None, among=[language])
        interval = estimate(one.values_S, one.replicates_BS)
        yield Score(
            target=cell.target,
            task=node.task.name,
            kind=node.task.kind,
            split=node.split,
            protocol=node.protocol,
            language=language,
            metric=cell.metric,
            value=value,
            # the expansion for few examples may pass the ends of the scale
            low=np.clip(interval.low, 0.0, 100.0),
            high=np.clip(interval.high, 0.0, 100.0),
            examples=sizes.get(language, 0),
            remark=one.why_no_examples,
            corpus=corpus,
        )
