"""Memory of each stage of a study: the estimate shared by ``plan`` and ``memory``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xstilts.chains import EMPTY_CHAIN
from xstilts.config.adapters import Lora
from xstilts.grid.processes import parallel
from xstilts.grid.recipes import token_options
from xstilts.plan.shapes import shape_of_base
from xstilts.training.memory import AdapterShape, Memory, Workload, estimate
from xstilts.training.pruning import is_worthwhile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.grid import Grid
    from xstilts.models.shape import EncoderShape
    from xstilts.training.memory import Device

HEADER = (
    "base", "stage", "length", "weights", "gradients", "Adam", "gathered", "activations",
    "total MiB",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """Runtime conditions on which the memory of stages depends."""

    max_tokens: int
    """Tokens per micro-batch."""
    device: Device
    """Device whose kernels run."""
    distinct_tokens: int | None = None
    """Number of distinct tokens in a stage's data; None counts the whole vocabulary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """Stages of a base model with the same memory estimate."""

    base: str
    example: str
    """The first of these stages."""
    stages: int
    """Number of trainings, all seeds included."""
    work: Workload
    memory: Memory


def stage_work(
    grid: Grid, base: str, chain: str, target: str | None, conditions: Conditions
) -> Workload:
    """Return the properties that determine a stage's memory: shape, adapters, shards, pruning.

    Args:
        grid: the study.
        base: base model.
        chain: label of the chain that the stage ends, or that its target follows.
        target: target of the stage; None for the last stage of the chain itself.
        conditions: runtime conditions.

    Raises:
        UserError: the model's shape is unknown on this machine.
    """
    shape, wanted = shape_of_base(grid, base), parallel(grid, base)
    members = grid.members(base, chain, target)
    recipe, runtime = grid.recipe(base, chain, target), grid.runtime(base, chain, target)
    length = max(token_options(grid.study, member.task)["max_length"] for member in members)
    mlm = any(grid.study.known_tasks[member.task].kind == "mlm" for member in members)
    lora = recipe.get("lora")
    adapters = AdapterShape.of(Lora(**lora)) if lora else None
    whole = mlm or adapters is not None
    return Workload(
        shape=shape,
        max_tokens=conditions.max_tokens,
        length=min(length, shape.positions - 2),
        device=conditions.device,
        checkpointing=bool(runtime["gradient_checkpointing"]),
        half=recipe["precision"] == "bf16",
        mlm_probability=recipe["mlm_probability"] if mlm else 0.0,
        adapters=adapters,
        shards=wanted.processes if wanted.mode == "fsdp" else 1,
        trained_rows=None if whole else _rows(shape, conditions.distinct_tokens),
    )


def _rows(shape: EncoderShape, tokens: int | None) -> int | None:
    """Return the number of token embeddings that a stage trains; None for all."""
    if tokens is None or not is_worthwhile(tokens, shape.vocabulary, shape.width):
        return None
    return tokens


def memory_needs(grid: Grid, base: str, conditions: Conditions) -> list[Needs]:
    """Return the memory of a base model's stages, one entry for equal estimates.

    Raises:
        UserError: the model's shape is unknown on this machine.
    """
    found: dict[Workload, Needs] = {}
    for chain, target in grid.trained_with_base(base):
        work = stage_work(grid, base, chain, target, conditions)
        pretraining = not target and chain == EMPTY_CHAIN
        count = 1 if pretraining else len(grid.study.seeds)
        if work in found:
            found[work] = replace(found[work], stages=found[work].stages + count)
            continue
        name = "pretraining" if pretraining else chain
        found[work] = Needs(
            base=base,
            example=f"{name} > {target}" if target else name,
            stages=count,
            work=work,
            memory=estimate(work),
        )
    return list(found.values())


def memory_rows(grid: Grid, conditions: Conditions) -> Iterator[tuple[str, ...]]:
    """Yield the rows of ``xstilts memory`` below HEADER, one per entry of :func:`memory_needs`.

    Raises:
        UserError: the shape of a base model is unknown on this machine.
    """
    for base in grid.study.bases:
        for entry in memory_needs(grid, base, conditions):
            memory = entry.memory
            parts = (
                memory.weights, memory.gradients, memory.moments, memory.gathered,
                memory.activations, memory.total,
            )  # fmt: skip
            numbers = (f"{part / 2**20:,.0f}" for part in parts)
            yield (base, entry.example, str(entry.work.length), *numbers)
