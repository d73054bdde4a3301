"""Low-rank adapters (LoRA) in place of all weights: what a recipe says of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from xstilts.config.section import Level


class Lora(Level):
    """LoRA: the model's own weights are frozen; adapters beside its linear layers are trained."""

    enabled: bool = Field(
        True, description="`false` trains all weights where a wider level says otherwise."
    )
    rank: int = Field(16, ge=1, description="Rank of each adapter.")
    alpha: float = Field(32.0, gt=0, description="What an adapter adds counts alpha / rank times.")
    dropout: float = Field(0.05, ge=0, lt=1, description="Dropout of an adapter's input.")
    modules: Literal["all-linear"] | Annotated[list[str], Field(min_length=1)] = Field(
        "all-linear",
        description="Linear layers that get an adapter: `all-linear`, or `[query, value]`.",
    )
    merge: bool = Field(
        True,
        description="Add the adapters to the weights when the stage ends; `false` writes the "
        "adapters alone, and later stages and predictions add them when they load the model.",
    )
    quantise: Literal["4bit", "8bit"] | None = Field(
        None,
        description="Keep the frozen weights in 4 or 8 bits (needs `bitsandbytes` and "
        "`merge: false`).",
    )
