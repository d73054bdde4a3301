"""Settings of low-rank adapters (LoRA), which train instead of all weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from xstilts.config.section import Level


class Lora(Level):
    """LoRA: adapters next to the linear layers are trained, the model's own weights are frozen."""

    enabled: bool = Field(
        True, description="`false` trains all weights although a wider level sets `lora`."
    )
    rank: int = Field(16, ge=1, description="Rank of each adapter.")
    alpha: float = Field(
        32.0, gt=0, description="Scale: the adapter's output is multiplied by alpha / rank."
    )
    dropout: float = Field(
        0.05, ge=0, lt=1, description="Dropout probability on an adapter's input."
    )
    modules: Literal["all-linear"] | Annotated[list[str], Field(min_length=1)] = Field(
        "all-linear",
        description="Linear layers that get an adapter: `all-linear`, or a list such as `[query, "
        "value]`.",
    )
    merge: bool = Field(
        True,
        description="Merge the adapters into the weights at the end of the stage; `false` saves "
        "only the adapters, which are applied whenever the model is loaded.",
    )
    quantise: Literal["4bit", "8bit"] | None = Field(
        None,
        description="Quantise the frozen weights to 4 or 8 bits; needs `bitsandbytes` and `merge: "
        "false`.",
    )
