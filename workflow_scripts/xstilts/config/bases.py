"""Sources of the pretrained multilingual models."""

from __future__ import annotations

from pydantic import Field, model_validator

from xstilts.config.parallel import Parallel
from xstilts.config.recipe import TASK_KEYS, Recipe, check_pretraining
from xstilts.config.section import Section
from xstilts.config.texts import HubName, Revision, UserPath


class Architecture(Section):
    """Architecture of an XLM-R-like encoder that the workflow pretrains."""

    hidden_size: int = Field(128, ge=8, description="Size of the hidden states.")
    num_layers: int = Field(4, ge=1, description="Number of transformer layers.")
    num_heads: int = Field(
        4, ge=1, description="Number of attention heads; must divide `hidden_size`."
    )
    intermediate_size: int = Field(512, ge=8, description="Size of the feed-forward layer.")
    max_length: int = Field(256, ge=16, description="Maximum sequence length in tokens.")
    dropout: float = Field(
        0.1, ge=0, lt=1, description="Dropout probability of hidden states and attention."
    )

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Architecture:
        if self.hidden_size % self.num_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is not a multiple of num_heads {self.num_heads}"
            )
        return self


class Pretrain(Section):
    """A base model pretrained by the workflow on the study's `text`, with MLM and TLM."""

    architecture: Architecture = Field(Architecture(), description="Architecture of the encoder.")
    vocab_size: int = Field(8000, ge=64, description="Vocabulary size of the Unigram tokenizer.")
    tlm: bool = Field(True, description="Also train on the study's translation pairs (TLM).")
    seed: int = Field(
        0,
        ge=0,
        description="Seed of the pretraining; all seeds of the study share this base model.",
    )
    recipe: Recipe = Field(
        default_factory=Recipe, description="Recipe overrides for this base's pretraining."
    )

    @model_validator(mode="after")
    def _no_adapters_in_pretraining(self) -> Pretrain:
        check_pretraining(self.recipe)
        return self


class Base(Section):
    """A base model: exactly one of `pretrain`, `path` and `hub`."""

    pretrain: Pretrain | None = Field(None, description="Pretrain the model on the study's text.")
    path: UserPath | None = Field(None, description="Folder of a Hugging Face checkpoint.")
    hub: HubName | None = Field(None, description="Model id on the Hugging Face Hub.")
    revision: Revision | None = Field(
        None, description="Commit of the Hub model, which pins the weights."
    )
    trained_on: list[str] | None = Field(
        None,
        description="Tasks that the model was trained on before this study, such as `[mnli, "
        "squad_v1]`: strategies and targets that repeat them are marked in tables, claims and "
        "report. By default what is known of the Hub model.",
    )
    recipe: Recipe = Field(
        default_factory=Recipe,
        description="Recipe overrides for all stages of this base, such as the learning rate, or "
        "`lora` for a large model.",
    )
    parallel: Parallel | None = Field(
        None,
        description="Processes per training stage of this base; the study's `parallel` by default.",
    )

    max_unknown: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Largest accepted share of unknown tokens in training sets and in the source "
        "language; the report has the share of every language.",
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
            raise ValueError("revision needs hub")
        return self
