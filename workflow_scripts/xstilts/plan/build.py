"""The plan of a study as builtins, for ``plan.render`` and for JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.grid.source_report import mixed
from xstilts.plan.counts import counts
from xstilts.plan.data import data_report, gated_models, row_counts
from xstilts.plan.devices import GIB, ORIENTATION, bytes_of, canonical, card
from xstilts.plan.disk import disk
from xstilts.plan.fit import memory_report
from xstilts.plan.history import finished_jobs
from xstilts.plan.hours import default_device, hours_here, hours_on, orientation
from xstilts.plan.jobs import planned_jobs
from xstilts.plan.memory import Conditions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xstilts.grid import Grid
    from xstilts.plan.jobs import Planned


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Options of the user about the machine."""

    gpu: str | None = None
    """Name of a GPU in ``plan.devices``."""
    memory: str | None = None
    """Memory of the device, which overrides that of the GPU."""
    max_tokens: int = 16_384
    """Tokens per micro-batch."""
    distinct_tokens: int | None = None
    """Number of distinct tokens in a stage's data; None counts the whole vocabulary."""
    concurrent: int = 1
    """Stages trained at the same time."""
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Parameters without embeddings by base, for unknown models."""
    results: Path = Path("results")
    """Folder of the studies whose finished jobs calibrate the plan."""


def build_plan(grid: Grid, options: Options) -> dict[str, Any]:
    """Build all parts of a plan.

    Raises:
        UserError: unknown GPU, or invalid memory size.
    """
    memory = _memory(options)
    history = finished_jobs(options.results)
    gpu = canonical(options.gpu) if options.gpu else None
    device = gpu or default_device(history)
    jobs = planned_jobs(grid, options.parameters)
    time = hours_on(gpu, jobs, history) if gpu else hours_here(jobs, history)
    conditions = Conditions(
        max_tokens=options.max_tokens,
        device="cpu" if device == "cpu" else "gpu",
        distinct_tokens=options.distinct_tokens,
    )
    return {
        "study": grid.study.study,
        "question": grid.study.question,
        "left_out": list(grid.gaps.sentences()),
        "counts": counts(grid, jobs),
        "hours": time,
        "orientation": orientation(jobs, ORIENTATION) if time is None else None,
        "unknown": _unknown(jobs),
        "disk": disk(grid, jobs, options.concurrent, options.parameters, conditions),
        "memory": {
            "device": options.gpu or options.memory or device,
            "bytes": memory,
            "max_tokens": options.max_tokens,
            "stages": memory_report(grid, conditions, memory),
        },
        "data": data_report(grid),
        "row_counts": row_counts(grid),
        "mixed_sources": list(mixed(grid)),
        "gated_models": gated_models(grid),
    }


def _memory(options: Options) -> int | None:
    """Return the memory of the named device in bytes; None if there is none."""
    of_card = round(card(options.gpu).memory * GIB) if options.gpu else None
    return bytes_of(options.memory) if options.memory else of_card


def _unknown(jobs: Iterable[Planned]) -> dict[str, int]:
    """Return the unknown quantities, with the number of jobs that the hours leave out for each."""
    found: dict[str, int] = {}
    for job in jobs:
        if job.unknown:
            found[job.unknown] = found.get(job.unknown, 0) + len(set(job.products))
    return found


def problems(plan: dict[str, Any]) -> list[str]:
    """Return what prevents the study from running: missing data, stages that do not fit."""
    absent = [item["task"] for item in plan["data"] if item["missing"]]
    found = [f"data of {', '.join(absent)} are missing"] if absent else []
    found += [f"{model}: its licence must be accepted on the hub" for model in plan["gated_models"]]
    large = [stage for stage in plan["memory"]["stages"] if stage["fits"] is False]
    found += [f"{stage['base']}: {stage['example']} does not fit in memory" for stage in large]
    return found
