"""What each stage of a study needs in memory: the one estimate of ``plan`` and ``memory``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xstilts.chains import EMPTY_CHAIN
from xstilts.grid.processes import parallel
from xstilts.grid.recipes import token_options
from xstilts.plan.shapes import shape_of_base
from xstilts.training.memory import Adapters, Memory, Workload, estimate
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
    """How the stages of a study are run, as far as their memory depends on it."""

    max_tokens: int
    """Tokens that go through the model at once."""
    device: Device
    """Whose kernels run."""
    distinct_tokens: int | None = None
    """How many different tokens a stage's data have; None counts the whole vocabulary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """Stages of a base model that need the same memory."""

    base: str
    example: str
    """The first of these stages."""
    stages: int
    """How many are trained, those of all seeds."""
    work: Workload
    memory: Memory


def stage_work(
    grid: Grid, base: str, chain: str, target: str | None, conditions: Conditions
) -> Workload:
    """What of a stage decides its memory: shape, adapters, shards, pruned vocabulary.

    Args:
        grid: the study.
        base: base model.
        chain: label of the chain that the stage ends, or that its target follows.
        target: what the stage is trained for; None for the last stage of the chain itself.
        conditions: how the stage is run.

    Raises:
        UserError: nothing on this machine says what the model is like.
    """
    shape, wanted = shape_of_base(grid, base), parallel(grid, base)
    members = grid.members(base, chain, target)
    recipe, runtime = grid.recipe(base, chain, target), grid.runtime(base, chain, target)
    length = max(token_options(grid.study, member.task)["max_length"] for member in members)
    mlm = any(member.task in {"mlm", "tlm"} for member in members)
    adapters = _adapters(recipe)
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
        rows=None if whole else _rows(shape, conditions.distinct_tokens),
    )


def _adapters(recipe: dict[str, Any]) -> Adapters | None:
    """The adapters that a stage's recipe trains; None where it trains all weights."""
    lora = recipe.get("lora")
    if lora is None:
        return None
    return Adapters(
        rank=lora["rank"],
        modules=lora["modules"] if isinstance(lora["modules"], str) else tuple(lora["modules"]),
        dropout=lora["dropout"] > 0,
        quantise=lora.get("quantise"),
    )


def _rows(shape: EncoderShape, tokens: int | None) -> int | None:
    """How many token embeddings a stage trains; None for all."""
    if tokens is None or not is_worthwhile(tokens, shape.vocabulary, shape.width):
        return None
    return tokens


def memory_needs(grid: Grid, base: str, conditions: Conditions) -> list[Needs]:
    """What the stages of a base model need; those with equal needs are one entry.

    Raises:
        UserError: nothing on this machine says what the model is like.
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
    """The table of ``xstilts memory`` below HEADER: a row per entry of :func:`memory_needs`.

    Raises:
        UserError: nothing on this machine says what a base model is like.
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
