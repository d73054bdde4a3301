"""Data-parallel training of a stage: number of processes and mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from xstilts.config.section import Section


class Parallel(Section):
    """Data-parallel training on one machine.

    Results are the same except for rounding and dropout masks.
    """

    renamed: ClassVar[Mapping[str, str]] = {"strategy": "mode"}

    processes: int = Field(
        1,
        ge=1,
        description="Processes per training stage, each on its own GPU if available; they share "
        "the examples of each optimiser step.",
    )
    mode: Literal["ddp", "fsdp"] = Field(
        "ddp",
        description="`ddp`: each process holds the whole model. `fsdp`: each holds a shard of the "
        "encoder's weights, gradients and moments, for models that do not fit on one GPU.",
    )

    @model_validator(mode="after")
    def _fsdp_needs_processes(self) -> Parallel:
        if self.mode == "fsdp" and self.processes == 1:
            raise ValueError("mode fsdp shards the model: set processes to 2 or more")
        return self
