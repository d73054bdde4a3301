"""Where the pretrained multilingual model comes from."""

from __future__ import annotations

from pydantic import Field, model_validator

from xstilts.config.parallel import Parallel
from xstilts.config.recipe import TASK_KEYS, Recipe, check_pretraining
from xstilts.config.section import Section


class Architecture(Section):
    """Shape of an XLM-R-like encoder that is pretrained here."""

    hidden_size: int = Field(128, ge=8, description="Width of the hidden states.")
    num_layers: int = Field(4, ge=1, description="Transformer layers.")
    num_heads: int = Field(4, ge=1, description="Attention heads; must divide the width.")
    intermediate_size: int = Field(512, ge=8, description="Width of the feed-forward layer.")
    max_length: int = Field(256, ge=16, description="Longest sequence in tokens.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout of hidden states and attention.")

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Architecture:
        if self.hidden_size % self.num_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is not a multiple of num_heads {self.num_heads}"
            )
        return self


class Pretrain(Section):
    """A base model built by the workflow: MLM and translation-pair MLM on the study's `text`."""

    architecture: Architecture = Field(Architecture(), description="Shape of the encoder.")
    vocab_size: int = Field(8000, ge=64, description="Tokens of the Unigram tokenizer.")
    tlm: bool = Field(True, description="Also train on the study's translation pairs.")
    seed: int = Field(0, ge=0, description="Seed of the base model; one base serves all seeds.")
    recipe: Recipe = Field(
        default_factory=Recipe, description="Overrides for this base's pretraining."
    )

    @model_validator(mode="after")
    def _nothing_to_adapt_in_noise(self) -> Pretrain:
        check_pretraining(self.recipe)
        return self


class Base(Section):
    """A base model: exactly one of `pretrain`, `path` and `hub`."""

    pretrain: Pretrain | None = Field(None, description="Build it here, from the study's text.")
    path: str | None = Field(None, description="Folder with a Hugging Face checkpoint.")
    hub: str | None = Field(None, description="Model id on the Hugging Face hub.")
    revision: str | None = Field(None, description="Commit of the hub model; pins the weights.")
    recipe: Recipe = Field(
        default_factory=Recipe,
        description="Overrides for every stage that starts from this base: its learning rate, or "
        "`lora` for a large one.",
    )
    parallel: Parallel | None = Field(
        None, description="Processes that train each of its stages; by default the study's."
    )

    @model_validator(mode="after")
    def _recipe_is_of_stages(self) -> Base:
        of_tasks = sorted(self.recipe.model_fields_set & set(TASK_KEYS))
        if of_tasks:
            raise ValueError(
                f"recipe: {', '.join(of_tasks)} cannot differ between bases; "
                "set it in recipes.all or recipes.tasks.TASK"
            )
        return self

    @model_validator(mode="after")
    def _exactly_one_origin(self) -> Base:
        given = [key for key in ("pretrain", "path", "hub") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of pretrain, path, hub (found: {', '.join(given) or 'none'})"
            )
        if self.revision is not None and self.hub is None:
            raise ValueError("revision goes with hub")
        return self
