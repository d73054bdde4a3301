"""Small grids of score files for the tests of tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.results.cells import Cell
from xstilts.results.schema import RESULT_SCHEMA

Wanted = tuple[str, str, int]
"""Strategy, target, seed."""
Found = Mapping[str, float] | str | None
"""Language to value; or why there is none."""

METRICS = {"xnli": "accuracy", "xquad": "mean_em_f1", "tatoeba": "accuracy"}


def write_scores(cell: Cell, values: Mapping[str, float], **changes: Any) -> None:
    """A score file; ``language@layer3`` is a value of that layer."""
    rows = []
    for name, value in values.items():
        language, at, layer = name.partition("@")
        row = dict.fromkeys(RESULT_SCHEMA.names, "-") | {
            "study": "demo",
            "model": cell.model,
            "strategy": cell.strategy,
            "chain": cell.chain,
            "target": cell.target,
            "seed": cell.seed,
            "language": language,
            "metric": cell.metric + at + layer,
            "headline": not layer,
            "value": value,
            "n": 10,
            "seconds": 1.0,
            "protocol": "recommended",
        }
        rows.append(row | changes)
    cell.scores.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA), cell.scores)


def make_cells(
    folder: Path, grid: Mapping[Wanted, Found], languages: tuple[str, ...] = ("en", "sw")
) -> list[Cell]:
    cells = []
    for (strategy, target, seed), found in grid.items():
        cell = Cell(
            model="tiny",
            strategy=strategy,
            chain=strategy,
            target=target,
            seed=seed,
            metric=METRICS[target],
            languages=languages,
            scores=folder / f"{strategy}-{target}-{seed}.parquet",
            reason=found if isinstance(found, str) else None,
        )
        if isinstance(found, Mapping):
            write_scores(cell, found)
        cells.append(cell)
    return cells
