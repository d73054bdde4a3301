"""How a stage is trained: each key may be set for all stages, a position, a task or one stage."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from xstilts.config.adapters import Lora
from xstilts.config.section import Section


class RecipeOverrides(Section):
    """Training recipe; a key left out keeps the value of the next wider level."""

    learning_rate: float | None = Field(None, gt=0, description="Peak learning rate of AdamW.")
    batch_size: int | None = Field(
        None, ge=1, description="Examples per optimiser step, whatever the micro-batches."
    )
    epochs: float | None = Field(
        None, gt=0, description="Passes over the training set; of a mixture, over all its sets."
    )
    max_steps: int | None = Field(
        None, ge=0, description="Exact number of optimiser steps; 0 lets `epochs` decide."
    )
    warmup: float | None = Field(
        None, ge=0, le=1, description="Share of the steps over which the learning rate rises."
    )
    schedule: Literal["linear", "cosine", "constant"] | None = Field(
        None, description="Course of the learning rate after the warm-up."
    )
    weight_decay: float | None = Field(
        None, ge=0, description="Decoupled weight decay; none on biases and LayerNorm."
    )
    adam_beta2: float | None = Field(None, gt=0, lt=1, description="AdamW's second decay rate.")
    adam_epsilon: float | None = Field(None, gt=0, description="AdamW's epsilon.")
    max_grad_norm: float | None = Field(
        None, ge=0, description="Gradient norm above which gradients are scaled down; 0 is off."
    )
    precision: Literal["fp32", "bf16"] | None = Field(
        None, description="Arithmetic of the forward pass; the weights stay in fp32."
    )
    compile: bool | None = Field(
        None,
        description="Train XLM-R or RoBERTa with layers compiled by torch: quicker steps after "
        "about a minute. The same result but for rounding and the draws of dropout.",
    )
    sorted_batches: int | None = Field(
        None,
        ge=1,
        description="So many batches are sorted by length together, at most a quarter of an epoch: "
        "little padding. 1 is a random order, for data whose lengths tell the labels.",
    )
    padding_free: bool | None = Field(
        None,
        description="Train XLM-R or RoBERTa without padding: pieces in one row, attention in "
        "groups of equal length. The same result but for rounding and the draws of dropout.",
    )
    lora: Lora | None = Field(
        None,
        description="Train low-rank adapters and heads, and leave the model's own weights as they "
        "are; a key of it that is left out keeps the value of the next wider level. Without effect "
        "on the pretraining of base models.",
    )
    label_smoothing: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Share of the target's probability that goes to all classes alike; not in "
        "masked language modelling.",
    )
    loss_weights: dict[str, Annotated[float, Field(gt=0)]] | None = Field(
        None,
        description="What the loss of a task counts in a mixture, 1 where a task is not named; "
        "`mlm` stands for all masked language modelling.",
    )
    keep_head: bool | None = Field(
        None,
        description="Go on with the parent's head where kind and labels are the same; "
        "otherwise every stage starts with a fresh head.",
    )
    selection: Literal["last", "best"] | None = Field(
        None,
        description="Which weights of a stage are kept: the last, or the best on the dev sets of "
        "its training sets, in their own languages.",
    )
    eval_steps: int | None = Field(
        None,
        ge=0,
        description="Steps between evaluations on dev, with `selection: best`; 0 evaluates after "
        "the last step only.",
    )
    patience: int | None = Field(
        None, ge=0, description="Evaluations without a better score before stopping; 0 is off."
    )
    dev_examples: int | None = Field(
        None, ge=0, description="Use only the first N examples of each dev set; 0 is all."
    )
    max_train_examples: int | None = Field(
        None, ge=0, description="Use only the first N training examples of each set; 0 is all."
    )
    mlm_probability: float | None = Field(
        None, gt=0, lt=1, description="Share of the pieces that masked language modelling hides."
    )
    sampling: Literal["proportional", "uniform", "temperature"] | None = Field(
        None, description="How a mixture draws the training set of each step."
    )
    sampling_cap: int | None = Field(
        None,
        ge=0,
        description="A set counts at most this many examples in the draw (the paper's K is "
        "131072); 0 is no cap.",
    )
    sampling_temperature: float | None = Field(
        None, ge=1, description="Exponent 1/T on the sizes, with `sampling: temperature`."
    )
    gradient_checkpointing: bool | None = Field(
        None,
        description="Compute each layer again in the backward pass: less memory, more time, the "
        "same result.",
    )
    save_steps: int | None = Field(
        None,
        ge=0,
        description="Steps after which the training state is saved, besides every ten minutes; "
        "0 is off. It does not change the result.",
    )
    max_length: int | None = Field(
        None, ge=8, description="Longest sequence in word pieces (per task, not per stage)."
    )
    doc_stride: int | None = Field(
        None,
        ge=1,
        description="Word pieces between the starts of two windows over a long context "
        "(per task, not per stage).",
    )

    null_threshold: float | None = Field(
        None,
        description="A question gets no answer if the score of none exceeds that of the best span "
        "by more than this, where the task allows it (per task, not per stage).",
    )

    def given(self) -> dict[str, Any]:
        """The keys that were set."""
        return self.model_dump(exclude_none=True)


DEFAULTS: dict[str, Any] = {
    # The values common to all tasks of the paper's released code (jiant's XTREME guide).
    "learning_rate": 1e-5,
    "batch_size": 32,
    "epochs": 3.0,
    "max_steps": 0,
    "warmup": 0.1,
    "schedule": "linear",
    "weight_decay": 0.01,
    "adam_beta2": 0.999,
    "adam_epsilon": 1e-8,
    "max_grad_norm": 1.0,
    "precision": "fp32",
    "compile": False,
    # as Trainer's group_by_length
    "sorted_batches": 50,
    "padding_free": False,
    "lora": None,
    "label_smoothing": 0.0,
    "loss_weights": {},
    "keep_head": False,
    # best English dev checkpoint, every 1,000 steps; jiant looks at the first 500 examples only
    "selection": "best",
    "eval_steps": 1000,
    "patience": 30,
    "dev_examples": 0,
    "max_train_examples": 0,
    "mlm_probability": 0.15,
    "sampling": "proportional",
    "sampling_cap": 0,
    "sampling_temperature": 1.0,
    "gradient_checkpointing": False,
    "save_steps": 0,
    "max_length": 256,
    "doc_stride": 128,
    # SQuAD v2.0's default in BERT's script and its descendants
    "null_threshold": 0.0,
}

SELECTION_KEYS = ("eval_steps", "patience", "dev_examples")
"""Keys that say nothing where the last weights are kept."""

RUNNING_KEYS = ("gradient_checkpointing", "save_steps")
"""Keys that say how a stage is run; they do not change its result and are no part of it."""

TOKEN_KEYS = ("max_length", "doc_stride")
"""Keys that shape the tokens of a task, not the training of a stage."""

TASK_KEYS = (*TOKEN_KEYS, "null_threshold")
"""Keys that are a task's and not a stage's: those of its tokens and of its decoding."""


class Recipes(Section):
    """Recipes by level; the later wins: all, position (pretrain, intermediate, target), task.

    After these come the base model's own (`bases.NAME.recipe`), then the stage's or target's.
    """

    all: RecipeOverrides = Field(RecipeOverrides(), description="Every stage.")
    pretrain: RecipeOverrides = Field(RecipeOverrides(), description="Base models built here.")
    intermediate: RecipeOverrides = Field(RecipeOverrides(), description="Intermediate stages.")
    target: RecipeOverrides = Field(RecipeOverrides(), description="Target stages.")
    tasks: dict[str, RecipeOverrides] = Field({}, description="Stages that train on this task.")

    @model_validator(mode="after")
    def _nothing_to_adapt_in_noise(self) -> Recipes:
        check_pretraining(self.pretrain)
        return self


def check_pretraining(recipe: RecipeOverrides) -> None:
    """Raise a ValueError for adapters on a model that starts from noise."""
    if recipe.lora is not None:
        raise ValueError("lora adapts weights that are there; a base model built here has none yet")
