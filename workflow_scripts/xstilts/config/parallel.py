"""How many processes train a stage together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from xstilts.config.section import Section


class Parallel(Section):
    """Processes that train each stage together, on one machine.

    The result is the same but for rounding and the draws of dropout.
    """

    renamed: ClassVar[Mapping[str, str]] = {"strategy": "mode"}

    processes: int = Field(
        1,
        ge=1,
        description="Processes, each on a GPU of its own if there are any. Each takes a share of "
        "the examples of an optimiser step.",
    )
    mode: Literal["ddp", "fsdp"] = Field(
        "ddp",
        description="`ddp`: each has the whole model. `fsdp`: each has a part of the encoder's "
        "weights, gradients and moments, for a model that does not fit on one GPU.",
    )

    @model_validator(mode="after")
    def _shards_need_processes(self) -> Parallel:
        if self.mode == "fsdp" and self.processes == 1:
            raise ValueError("mode fsdp shares the model out: set processes to 2 or more")
        return self
