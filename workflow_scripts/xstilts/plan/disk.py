"""Disk that a study takes: models, training states while stages run, tokens, predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.plan.data import data_sets
from xstilts.plan.lengths import Unknown, sequences
from xstilts.plan.shapes import shape_of_base
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xstilts.grid import Grid
    from xstilts.plan.jobs import Planned

FLOAT = 4
"""Bytes of a weight: models are kept in fp32."""
STATES = 2
"""Training states on disk while a stage runs: one is whole while the other is written."""
PER_STATE, BEST = 3, 1
"""Weights and AdamW's two moments; with ``selection: best``, the best weights as well."""
PER_PIECE = {"span": 12, "tagging": 8}
"""Bytes of a piece in a token file: its id, and offsets or a label where the kind has them."""
PER_EXAMPLE, PER_FILE = 25, 6_000
"""Bytes of a prediction, compressed, and of a file's schema, about: measured on generated data."""


def disk(
    grid: Grid, jobs: Iterable[Planned], running: int, given: Mapping[str, float]
) -> dict[str, Any]:
    """Bytes by base and in all.

    Args:
        grid: the study.
        jobs: what is trained.
        running: stages that train at the same time.
        given: base to parameters where a user gives them.
    """
    bases, states, models = {}, [], 0
    jobs = list(jobs)
    for base in grid.study.bases:
        size = model_bytes(grid, base, given)
        trained = [job for job in jobs if job.base == base and job.kind == "training"]
        count = sum(len(set(job.products)) for job in trained)
        # what is pretrained here is among the trained ones
        count += not grid.study.bases[base].pretrain
        best = any(grid.recipe(base, j.chain, j.target)["selection"] == "best" for j in trained)
        state = STATES * (PER_STATE + best * BEST) * size if size else None
        bases[base] = {
            "models": count,
            "model_bytes": size,
            "state_bytes_while_training": state,
            "kept_bytes": size * count if size else None,
        }
        models += size * count if size else 0
        states.append(state or 0)
    tokens, predictions = _tokens(grid), _predictions(grid)
    kept = models + tokens + predictions
    return {
        "bases": bases,
        "tokens_bytes": tokens,
        "predictions_bytes": predictions,
        "kept_bytes": kept,
        "running": running,
        "peak_bytes": kept + running * max(states, default=0),
        "unknown": [base for base, item in bases.items() if item["model_bytes"] is None],
    }


def model_bytes(grid: Grid, base: str, given: Mapping[str, float]) -> int | None:
    """Bytes of one model of a base, small heads apart; None where its size is not known."""
    if shape := shape_of_base(grid, base):
        return FLOAT * shape.parameters
    if base in given:
        return round(FLOAT * given[base])
    path = grid.study.bases[base].path
    folder = Path(path) if path else Path(grid.paths.base(base)).parent
    found = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
    return sum(file.stat().st_size for file in found) or None


def _tokens(grid: Grid) -> int:
    """Bytes of the token files of all bases; of data whose size is known."""
    total = 0.0
    for base in grid.study.bases:
        for task, sets in data_sets(grid).items():
            for language, split in sets:
                try:
                    found = sequences(grid, base, task, language, split)
                except Unknown:
                    continue
                pieces = found.count * found.length
                total += pieces * PER_PIECE.get(TASKS[task].kind, FLOAT)
    return round(total)


def _predictions(grid: Grid) -> int:
    """Bytes of all prediction files; of data whose size is known."""
    base, total = next(iter(grid.study.bases)), 0.0
    # strategies of one chain share their predictions
    chains = len({tuple(node.label for node in nodes) for nodes in grid.names.strategies.values()})
    for node in grid.targets.values():
        for language in node.languages:
            total += PER_FILE
            try:
                found = sequences(grid, base, node.task.name, language, node.split)
            except Unknown:
                continue
            total += PER_EXAMPLE * found.units
    return round(total * chains * len(grid.study.seeds) * len(grid.study.bases))
