"""Whether each stage fits in the memory of a device, and what helps where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from xstilts.grid.recipes import token_options
from xstilts.plan.shapes import shape_of_base
from xstilts.training.memory import estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xstilts.grid import Grid
    from xstilts.plan.jobs import Planned
    from xstilts.plan.shapes import EncoderShape
    from xstilts.training.memory import Memory

USABLE = 0.92
"""Share of a GPU's memory: the rest is CUDA's own and is lost between blocks (assumed)."""
COUNTED = ("xlm-roberta", "roberta")
"""Families whose activations are counted term by term; those of others are taken to be alike."""
SMALLEST_PASS = 256


def memory_report(
    grid: Grid,
    jobs: Iterable[Planned],
    *,
    memory: int | None,
    tokens_per_pass: int,
    device: Literal["cpu", "gpu"],
) -> list[dict[str, Any]]:
    """An entry per base and sort of stage: bytes, whether it fits, what to do if not.

    Args:
        grid: the study.
        jobs: what is trained.
        memory: bytes of the device; None where no device is named.
        tokens_per_pass: pieces that go through the model at once.
        device: whose kernels run.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    limit = None if memory is None else USABLE * memory
    for job in jobs:
        shape = shape_of_base(grid, job.base)
        if job.kind != "training" or shape is None:
            continue
        case = _case_of(grid, job, shape, device)
        checkpointing = bool(
            grid.running(job.base, job.chain, job.target)["gradient_checkpointing"]
        )
        key = (job.base, case.length, case.half, case.mlm, checkpointing)
        if key in rows:
            rows[key]["stages"] += len(set(job.products))
            continue
        needed = case.needs(tokens_per_pass, checkpointing).total
        fits = None if limit is None else needed <= limit
        rows[key] = {
            "base": job.base,
            "example": f"{job.chain} > {job.target}" if job.target else job.chain,
            "stages": len(set(job.products)),
            "length": case.length,
            "bytes": needed,
            "approximate": shape.family not in COUNTED,
            "fits": fits,
            "advice": []
            if limit is None or fits
            else case.advice(limit, tokens_per_pass, checkpointing),
        }
    return list(rows.values())


def _case_of(grid: Grid, job: Planned, shape: EncoderShape, device: Literal["cpu", "gpu"]) -> _Case:
    """What of a stage decides its memory."""
    members = grid.members(job.base, job.chain, job.target)
    recipe = grid.recipe(job.base, job.chain, job.target)
    length = max(token_options(grid.study, member.task)["max_length"] for member in members)
    hidden = any(member.task in {"mlm", "tlm"} for member in members)
    return _Case(
        shape,
        min(length, shape.positions - 2),
        recipe["precision"] == "bf16",
        recipe["mlm_probability"] if hidden else 0.0,
        device,
    )


class _Case:
    """A sort of stage: what of it decides its memory."""

    def __init__(
        self,
        shape: EncoderShape,
        length: int,
        half: bool,
        mlm: float,
        device: Literal["cpu", "gpu"],
    ) -> None:
        self.shape, self.length, self.half, self.mlm, self.device = shape, length, half, mlm, device

    def needs(self, tokens_per_pass: int, checkpointing: bool) -> Memory:
        """Bytes of each part."""
        return estimate(
            self.shape,
            tokens_per_pass=tokens_per_pass,
            length=self.length,
            device=self.device,
            checkpointing=checkpointing,
            half=self.half,
            mlm_probability=self.mlm,
        )

    def advice(self, limit: float, tokens_per_pass: int, checkpointing: bool) -> list[str]:
        """What would make it fit, the cheapest first."""
        found = []
        if smaller := self._largest_pass(limit, tokens_per_pass, checkpointing):
            found.append(f"tokens_per_pass={smaller} (--set-resources, or the profile)")
        if not checkpointing and (larger := self._largest_pass(limit, tokens_per_pass * 2, True)):
            size = min(larger, tokens_per_pass)
            found.append(f"gradient_checkpointing: true with tokens_per_pass={size}")
        if found:
            return found
        least = self.needs(SMALLEST_PASS, True)
        frozen = least.weights + least.activations
        if frozen <= limit:
            found.append("LoRA: gradients and moments of small matrices only")
        held = least.total - least.activations
        processes = 2
        while held / processes + least.activations > limit and processes < 1024:
            processes *= 2
        if held / processes + least.activations <= limit:
            found.append(f"FSDP with {processes} processes or more")
        return found or ["a device with more memory: not even one sequence fits"]

    def _largest_pass(self, limit: float, below: int, checkpointing: bool) -> int:
        """The largest pass under ``below`` that fits, halved until it does; 0 if none does."""
        size = below // 2
        while size >= SMALLEST_PASS:
            if self.needs(size, checkpointing).total <= limit:
                return size
            size //= 2
        return 0
