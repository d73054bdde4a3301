"""How a stage is trained: each key may be set for all stages, a position, a task or one stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from xstilts.config.adapters import Lora
from xstilts.config.section import Level, Section


class Recipe(Level):
    """Training recipe, all of it or one level's overrides.

    A key left out keeps the value of the next wider level; the default holds where none sets it.
    """

    # where nothing else is said, the values common to all tasks of the paper's released code
    # (jiant's XTREME guide)
    learning_rate: float = Field(1e-5, gt=0, description="Peak learning rate of AdamW.")
    batch_size: int = Field(
        32, ge=1, description="Examples per optimiser step, whatever the micro-batches."
    )
    epochs: float = Field(
        3.0, gt=0, description="Passes over the training set; of a mixture, over all its sets."
    )
    max_steps: int = Field(
        0, ge=0, description="Exact number of optimiser steps; 0 lets `epochs` decide."
    )
    warmup: float = Field(
        0.1, ge=0, le=1, description="Share of the steps over which the learning rate rises."
    )
    schedule: Literal["linear", "cosine", "constant"] = Field(
        "linear", description="Course of the learning rate after the warm-up."
    )
    weight_decay: float = Field(
        0.01, ge=0, description="Decoupled weight decay; none on biases and LayerNorm."
    )
    adam_beta2: float = Field(0.999, gt=0, lt=1, description="AdamW's second decay rate.")
    adam_epsilon: float = Field(1e-8, gt=0, description="AdamW's epsilon.")
    max_grad_norm: float = Field(
        1.0, ge=0, description="Gradient norm above which gradients are scaled down; 0 is off."
    )
    precision: Literal["fp32", "bf16"] = Field(
        "fp32", description="Arithmetic of the forward pass; the weights stay in fp32."
    )
    compile: bool = Field(
        False,
        description="Train XLM-R or RoBERTa with layers compiled by torch: quicker steps after "
        "about a minute. The same result but for rounding and the draws of dropout.",
    )
    # as Trainer's group_by_length
    sorted_batches: int = Field(
        50,
        ge=1,
        description="So many batches are sorted by length together, at most a quarter of an epoch: "
        "little padding. 1 is a random order, for data whose lengths tell the labels.",
    )
    padding_free: bool = Field(
        False,
        description="Train XLM-R or RoBERTa without padding: tokens in one row, attention in "
        "groups of equal length. The same result but for rounding and the draws of dropout.",
    )
    lora: Lora | None = Field(
        None,
        description="Train low-rank adapters and heads, and leave the model's own weights as they "
        "are; a key of it that is left out keeps the value of the next wider level. Without effect "
        "on the pretraining of base models.",
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of the target's probability that goes to all classes alike; not in "
        "masked language modelling.",
    )
    loss_weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {},
        description="What the loss of a task counts in a mixture, 1 where a task is not named; "
        "`mlm` stands for all masked language modelling.",
    )
    keep_head: bool = Field(
        False,
        description="Go on with the parent's head where kind and labels are the same; "
        "otherwise every stage starts with a fresh head.",
    )
    # best English dev checkpoint, every 1,000 steps; jiant looks at the first 500 examples only
    selection: Literal["last", "best"] = Field(
        "best",
        description="Which weights of a stage are kept: the last, or the best on the dev sets of "
        "its training sets, in their own languages.",
    )
    eval_steps: int = Field(
        1000,
        ge=0,
        description="Steps between evaluations on dev, with `selection: best`; 0 evaluates after "
        "the last step only.",
    )
    patience: int = Field(
        30, ge=0, description="Evaluations without a better score before stopping; 0 is off."
    )
    dev_examples: int = Field(
        0, ge=0, description="Use only the first N examples of each dev set; 0 is all."
    )
    max_train_examples: int = Field(
        0, ge=0, description="Use only the first N training examples of each set; 0 is all."
    )
    mlm_probability: float = Field(
        0.15, gt=0, lt=1, description="Share of the tokens that masked language modelling hides."
    )
    sampling: Literal["proportional", "uniform", "temperature"] = Field(
        "proportional", description="How a mixture draws the training set of each step."
    )
    sampling_cap: int = Field(
        0,
        ge=0,
        description="A set counts at most this many examples in the draw (the paper's K is "
        "131072); 0 is no cap.",
    )
    sampling_temperature: float = Field(
        1.0, ge=1, description="Exponent 1/T on the sizes, with `sampling: temperature`."
    )
    gradient_checkpointing: bool = Field(
        False,
        description="Compute each layer again in the backward pass: less memory, more time, the "
        "same result.",
    )
    save_steps: int = Field(
        0,
        ge=0,
        description="Steps after which the training state is saved, besides every ten minutes; "
        "0 is off. It does not change the result.",
    )
    max_length: int = Field(
        256, ge=8, description="Longest sequence in tokens (per task, not per stage)."
    )
    doc_stride: int = Field(
        128,
        ge=1,
        description="Tokens between the starts of two windows over a long context "
        "(per task, not per stage).",
    )
    # SQuAD v2.0's default in BERT's script and its descendants
    null_threshold: float = Field(
        0.0,
        description="A question gets no answer if the score of none exceeds that of the best span "
        "by more than this, where the task allows it (per task, not per stage).",
    )


SELECTION_KEYS = ("eval_steps", "patience", "dev_examples")
"""Keys that say nothing where the last weights are kept."""

RUNTIME_KEYS = ("gradient_checkpointing", "save_steps")
"""Keys that say how a stage is run; they do not change its result and are no part of it."""

TOKEN_KEYS = ("max_length", "doc_stride")
"""Keys that shape the tokens of a task, not the training of a stage."""

TASK_KEYS = (*TOKEN_KEYS, "null_threshold")
"""Keys that are a task's and not a stage's: those of its tokens and of its decoding."""


class Recipes(Section):
    """Recipes by level; the later wins: all, position (pretrain, intermediate, target), task.

    After these come the base model's own (`bases.NAME.recipe`), then the stage's or target's.
    """

    all: Recipe = Field(default_factory=Recipe, description="Every stage.")
    pretrain: Recipe = Field(default_factory=Recipe, description="Base models built here.")
    intermediate: Recipe = Field(default_factory=Recipe, description="Intermediate stages.")
    target: Recipe = Field(default_factory=Recipe, description="Target stages.")
    tasks: dict[str, Recipe] = Field({}, description="Stages that train on this task.")

    @model_validator(mode="after")
    def _nothing_to_adapt_in_noise(self) -> Recipes:
        check_pretraining(self.pretrain)
        return self


def check_pretraining(recipe: Recipe) -> None:
    """Raise a ValueError for adapters on a model that starts from noise."""
    if recipe.lora is not None:
        raise ValueError("lora adapts weights that are there; a base model built here has none yet")
