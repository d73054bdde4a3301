"""Disk space of a study: models, training states of running stages, data, tokens, predictions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.grid.recipes import head_name
from xstilts.grid.source_report import data_sets
from xstilts.models.shape import head_parameters
from xstilts.plan.lengths import Unknown, sequences
from xstilts.plan.memory import stage_work
from xstilts.plan.shapes import known_shape
from xstilts.training.memory import FLOAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xstilts.grid import Grid
    from xstilts.models.shape import EncoderShape
    from xstilts.plan.jobs import Planned
    from xstilts.plan.memory import Conditions

STATES = 2
"""Training states on disk while a stage runs: one is complete while the other is written."""
PER_STATE, BEST = 3, 1
"""Copies of the weights in a state: weights and AdamW's two moments; with ``selection: best``, also
the best weights."""
PER_MODEL = 13_000
"""Approximate bytes of a model's small files: two manifests, configuration, index of heads, schemas
of the Parquet files."""
PER_STEP, PER_MAPPED = 34, 17
"""Approximate bytes of a step in ``history.parquet`` and of an example in ``data_map.parquet``."""
PER_ENTRY = 36
"""Approximate bytes of a vocabulary entry in a tokenizer's file."""
PER_TOKEN = {"span": 12, "tagging": 8}
"""Bytes of a token in a token file: its id, and offsets or a label in some kinds."""
TOKEN_FILE = 3_500
"""Approximate bytes of a token file's schema and manifest."""
PER_TOKEN_OF_TEXT, GENERATED, TEXT_FILE = 2, 1, 4_400
"""Approximate bytes of a token as compressed text, natural or of the microworld, which has few
words; and of the schema and manifest of a data file."""
PER_EXAMPLE, PER_FILE = 25, 5_000
"""Approximate bytes of a compressed prediction, and of a file's schema and identity."""
PER_CELL = 8_000
"""Approximate bytes of a cell's scores."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """Disk space of one stage for all seeds."""

    models: int
    adapters_only: bool
    """True if only adapters are kept, not a whole model."""
    kept: int | None
    """Bytes of one model with heads and history; None if its shape is unknown."""
    state: int | None
    """Bytes of the training states of one stage while it runs; None if unknown."""


def disk(
    grid: Grid,
    jobs: Iterable[Planned],
    concurrent: int,
    given: Mapping[str, float],
    conditions: Conditions,
) -> dict[str, Any]:
    """Return bytes by base and in total: kept after the run, and at the peak.

    Tables, figures, report and logs (a few megabytes) are left out.

    Args:
        grid: the study.
        jobs: planned jobs.
        concurrent: stages trained at the same time.
        given: parameters by base, as given by the user.
        conditions: runtime conditions; pruned vocabularies make training states smaller.
    """
    jobs = [job for job in jobs if job.kind == "training"]
    bases = {}
    for base in grid.study.bases:
        own = (job for job in jobs if job.base == base)
        bases[base] = _of_a_base(list(_stages(grid, base, own, given, conditions)))
    texts, tokens = _data_and_tokens(grid)
    predictions = _predictions(grid)
    models = sum(item["kept_bytes"] for item in bases.values())
    kept = models + texts + tokens + predictions
    states = [item["state_bytes_while_training"] or 0 for item in bases.values()]
    return {
        "bases": bases,
        "models_bytes": models,
        "data_bytes": texts,
        "tokens_bytes": tokens,
        "predictions_bytes": predictions,
        "kept_bytes": kept,
        "concurrent": concurrent,
        "peak_bytes": kept + concurrent * max(states, default=0),
        "unknown": [base for base, item in bases.items() if item["unknown"]],
    }


def _of_a_base(stages: list[_Stage]) -> dict[str, Any]:
    """Return the sums over a base model's stages."""

    def mean(of: list[_Stage]) -> int | None:
        count = sum(stage.models for stage in of)
        known = all(stage.kept is not None for stage in of)
        return round(_kept(of) / count) if count and known else None

    whole = [stage for stage in stages if not stage.adapters_only]
    adapters_only = [stage for stage in stages if stage.adapters_only]
    states = [stage.state for stage in stages if stage.state is not None]
    return {
        "models": sum(stage.models for stage in whole),
        "model_bytes": mean(whole),
        "adapters": sum(stage.models for stage in adapters_only),
        "adapter_bytes": mean(adapters_only),
        "kept_bytes": _kept(stages),
        "state_bytes_while_training": max(states, default=None),
        "unknown": any(stage.kept is None for stage in stages),
    }


def _kept(stages: Iterable[_Stage]) -> int:
    return sum(stage.models * (stage.kept or 0) for stage in stages)


def _stages(
    grid: Grid,
    base: str,
    jobs: Iterable[Planned],
    given: Mapping[str, float],
    conditions: Conditions,
) -> Iterator[_Stage]:
    """Yield the stages of a base, the base model itself first."""
    shape, encoder = known_shape(grid, base), _encoder_bytes(grid, base, given)
    tokenizer = PER_ENTRY * shape.vocabulary if shape else 0
    if not grid.study.bases[base].pretrain:
        yield _Stage(1, False, encoder and encoder + tokenizer + PER_MODEL, None)
    for job in jobs:
        recipe = grid.recipe(base, job.chain, job.target)
        lora = recipe.get("lora")
        adapters_only = lora is not None and not lora["merge"]
        heads = FLOAT * _head_parameters(grid, job, shape) if shape else 0
        history = PER_MODEL + PER_STEP * job.steps + PER_MAPPED * job.mapped
        if job.position == "pretrain":
            history += tokenizer
        trained = None if lora else encoder
        if shape:
            work = stage_work(grid, base, job.chain, job.target, conditions)
            trained = FLOAT * work.trained
        kept = trained if adapters_only else encoder
        copies = STATES * (PER_STATE + BEST * (recipe["selection"] == "best"))
        yield _Stage(
            len(set(job.products)),
            adapters_only,
            None if kept is None else kept + heads + history,
            None if trained is None else copies * (trained + heads),
        )


def _encoder_bytes(grid: Grid, base: str, given: Mapping[str, float]) -> int | None:
    """Return the bytes of a base model's encoder in fp32; None if its size is unknown."""
    if shape := known_shape(grid, base):
        return FLOAT * shape.parameters
    if base in given:
        return round(FLOAT * given[base])
    path = grid.study.bases[base].path
    folder = Path(path) if path else Path(grid.paths.base(base)).parent
    found = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
    return sum(file.stat().st_size for file in found) or None


def _head_parameters(grid: Grid, job: Planned, shape: EncoderShape) -> int:
    """Return the parameters of a stage's heads; labels found only in the data are left out."""
    members = grid.members(job.base, job.chain, job.target)
    heads = {head_name(member.task): grid.study.known_tasks[member.task] for member in members}
    return sum(head_parameters(task.kind, shape, len(task.labels)) for task in heads.values())


def _data_and_tokens(grid: Grid) -> tuple[int, int]:
    """Return bytes of examples, and of their tokens for all bases; unknown sizes are left out."""
    texts = tokens = 0.0
    per_text = GENERATED if grid.study.source == "microworld" else PER_TOKEN_OF_TEXT
    for number, base in enumerate(grid.study.bases):
        for task, sets in data_sets(grid).items():
            per_token = PER_TOKEN.get(grid.study.known_tasks[task].kind, FLOAT)
            for language, split in sets:
                try:
                    found = sequences(grid, base, task, language, split)
                except Unknown:
                    continue
                count = found.count * found.length
                tokens += TOKEN_FILE + count * per_token
                texts += 0 if number else TEXT_FILE + count * per_text
    return round(texts), round(tokens)


def _predictions(grid: Grid) -> int:
    """Return bytes of all predictions and scores; unknown sizes are left out."""
    base, total = next(iter(grid.study.bases)), 0.0
    # strategies with the same chain share their predictions
    chains = len(grid.strategy_chains)
    for node in grid.names.predicted_targets().values():
        total += PER_CELL
        for language in node.languages:
            total += PER_FILE
            try:
                found = sequences(grid, base, node.task.name, language, node.split)
            except Unknown:
                continue
            total += PER_EXAMPLE * found.units
    return round(total * chains * len(grid.study.seeds) * len(grid.study.bases))
