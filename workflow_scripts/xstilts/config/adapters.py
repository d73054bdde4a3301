"""Low-rank adapters (LoRA) in place of all weights: what a recipe says of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from xstilts.config.section import Section


class Lora(Section):
    """LoRA: the model's own weights are frozen; adapters beside its linear layers are trained."""

    enabled: bool | None = Field(
        None, description="`false` trains all weights where a wider level says otherwise."
    )
    rank: int | None = Field(None, ge=1, description="Rank of each adapter.")
    alpha: float | None = Field(
        None, gt=0, description="What an adapter adds counts alpha / rank times."
    )
    dropout: float | None = Field(None, ge=0, lt=1, description="Dropout of an adapter's input.")
    modules: Literal["all-linear"] | Annotated[list[str], Field(min_length=1)] | None = Field(
        None,
        description="Linear layers that get an adapter: `all-linear`, or `[query, value]`.",
    )
    merge: bool | None = Field(
        None,
        description="Add the adapters to the weights when the stage ends; `false` writes the "
        "adapters alone, and later stages and predictions add them when they load the model.",
    )
    quantise: Literal["4bit", "8bit"] | None = Field(
        None,
        description="Keep the frozen weights in 4 or 8 bits (needs `bitsandbytes` and "
        "`merge: false`).",
    )


DEFAULTS: dict[str, Any] = {
    "rank": 16,
    "alpha": 32.0,
    "dropout": 0.05,
    "modules": "all-linear",
    "merge": True,
}
"""Of a section `lora` that is there; without one, all weights are trained."""
