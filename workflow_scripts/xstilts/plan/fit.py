"""Check of each stage against a device's memory, with advice for stages that do not fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xstilts.config.adapters import Lora
from xstilts.errors import UserError
from xstilts.models.families import BERT_TYPES
from xstilts.plan.memory import memory_needs
from xstilts.training.memory import AdapterShape, Workload, estimate

if TYPE_CHECKING:
    from xstilts.grid import Grid
    from xstilts.plan.memory import Conditions

USABLE = 0.92
"""Assumed usable fraction of a GPU's memory; the rest is CUDA's context and fragmentation."""
SMALLEST_MICRO_BATCH = 256
MOST_PROCESSES = 1024


def memory_report(grid: Grid, conditions: Conditions, memory: int | None) -> list[dict[str, Any]]:
    """Return an entry per base and group of stages: bytes, fit, and advice if it does not fit.

    Bases of unknown shape are left out.

    Args:
        grid: the study.
        conditions: runtime conditions of the stages.
        memory: bytes of the device; None if no device is named.
    """
    limit = None if memory is None else USABLE * memory
    report = []
    for base in grid.study.bases:
        try:
            needs = memory_needs(grid, base, conditions)
        except UserError:
            continue
        for entry in needs:
            needed = entry.memory.total
            fits = None if limit is None else needed <= limit
            report.append(
                {
                    "base": base,
                    "example": entry.example,
                    "stages": entry.stages,
                    "length": entry.work.length,
                    "bytes": needed,
                    "approximate": entry.work.shape.family not in BERT_TYPES,
                    "fits": fits,
                    "advice": [] if limit is None or fits else advice(entry.work, limit),
                }
            )
    return report


def advice(work: Workload, limit: float) -> list[str]:
    """Return changes that make a stage fit, the cheapest first.

    Args:
        work: the stage as configured.
        limit: usable memory in bytes.
    """
    found = []
    if smaller := _largest_micro_batch(work, limit, work.max_tokens):
        found.append(f"max_tokens={smaller} (--set-resources, or the profile)")
    checkpointed = replace(work, checkpointing=True)
    if not work.checkpointing and (
        larger := _largest_micro_batch(checkpointed, limit, work.max_tokens * 2)
    ):
        found.append(f"gradient_checkpointing: true with max_tokens={larger}")
    if found:
        return found
    least = replace(checkpointed, max_tokens=SMALLEST_MICRO_BATCH)
    if not work.adapters and not work.mlm_probability and _fits(_with_lora(least), limit):
        found.append("LoRA: gradients and moments only for adapters")
    if work.adapters and not work.adapters.quantise and work.shards == 1:
        quantised = replace(least, adapters=replace(work.adapters, quantise="4bit"))
        if _fits(quantised, limit):
            found.append("lora.quantise: 4bit, with merge: false")
    processes = 2 * work.shards
    while processes <= MOST_PROCESSES and not _fits(replace(least, shards=processes), limit):
        processes *= 2
    if processes <= MOST_PROCESSES and not (work.adapters and work.adapters.quantise):
        found.append(f"FSDP with {processes} processes or more")
    return found or ["a device with more memory: not even a single sequence fits"]


def _with_lora(work: Workload) -> Workload:
    """Return the stage with LoRA at its default settings."""
    return replace(work, adapters=AdapterShape.of(Lora()), trained_rows=None)


def _fits(work: Workload, limit: float) -> bool:
    return estimate(work).total <= limit


def _largest_micro_batch(work: Workload, limit: float, below: int) -> int:
    """Return the largest fitting micro-batch under ``below``, by halving; 0 if none fits."""
    size = below // 2
    while size >= SMALLEST_MICRO_BATCH:
        if _fits(replace(work, max_tokens=size), limit):
            return size
        size //= 2
    return 0
