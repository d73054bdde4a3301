"""Evaluation sets, predictions and scores of a study without any training."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.data.prepare import write_examples
from xstilts.grid import Grid, identities
from xstilts.grid.grid import Cell
from xstilts.jobs.score import score_cell
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.schema_metadata import with_metadata

Share = Callable[[Cell], float]
"""Share of the right predictions of a cell."""

RIGHT = {"none": 0.5, "mnli": 0.8}


def _rows(kind: str, share: float, draw: random.Random) -> list[dict[str, Any]]:
    rows = []
    for number in range(200):
        right = draw.random() < share
        row: dict[str, Any] = {"id": f"test-{number}", "score": 0.5, "probabilities": [0.5, 0.5]}
        if kind == "classification":
            rows.append(row | {"gold": "entailment", "prediction": "entailment" if right else "x"})
        else:
            nearest = {"gold": ["c1"], "prediction": "c1" if right else "c2"}
            # the layer that the protocol does not use is always right
            rows += [row | nearest | {"layer": 2}, row | nearest | {"layer": 1, "prediction": "c1"}]
    return rows


def _write_data(grid: Grid, target: str) -> None:
    """The data sets of a target's predictions: three examples of one premise each."""
    node = grid.targets[target]
    for language in node.languages:
        rows: list[dict[str, Any]] = []
        for number in range(200):
            row: dict[str, Any] = {"id": f"test-{number}"}
            if node.task.kind == "classification":
                premise = f"{language}: premise {number // 3}"
                rows.append(row | {"text_a": premise, "text_b": "a", "label": "neutral"})
            else:
                row |= {"side": "query", "matches": ["c1"]}
                rows.append(row | {"text": f"{language}: query {number}"})
        path = Path(grid.paths.data(node.task.name, language, node.split)).with_suffix(".parquet")
        write_examples(rows, node.task.kind, [], path, "here")


def predict_and_score(grid: Grid, share: Share = lambda cell: RIGHT[cell.strategy]) -> None:
    """Write the evaluation sets, predictions and scores of all cells of a view."""
    for target in grid.targets:
        _write_data(grid, target)
    for cell in grid.cells():
        node = grid.targets[cell.target]
        files = []
        for language in node.languages:
            draw = random.Random(f"{cell.strategy} {cell.seed} {cell.target} {language}")
            rows = _rows(node.task.kind, share(cell), draw)
            path = Path(grid.prediction("mini", cell.seed, cell.stages, cell.target, language))
            metadata = {
                "id": language,
                "model": "m",
                "data": "d",
                "versions": {},
                "seconds": 1.0,
                "device": "cpu",
                "num_layers": 4,
            }
            schema = with_metadata(PREDICTION_SCHEMAS[node.task.kind], metadata)
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
            files.append(path)
        score_cell(
            identities.scores(grid, cell.target),
            study="tiny",
            cell={
                "base": "mini",
                "seed": str(cell.seed),
                "chain": cell.strategy,
                "target": cell.target,
            },
            split=node.split,
            predictions=files,
            out=Path(grid.paths.scores("mini", cell.seed, cell.stages, cell.target)),
        )
