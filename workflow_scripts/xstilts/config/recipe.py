"""Training recipes: keys can be set for all stages, for a position, a task or one stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from xstilts.config.adapters import Lora
from xstilts.config.recipe_presets import PresetName
from xstilts.config.section import Level, Section

Truncation = Literal["context", "start", "end"]


class Recipe(Level):
    """Training recipe, complete or as the overrides of one level.

    A missing key keeps the value of the next wider level, and the default if no level sets it.
    """

    # unless another source is named, defaults are the values common to all tasks of the paper's
    # released code (jiant's XTREME guide)
    learning_rate: float = Field(1e-5, gt=0, description="Peak learning rate of AdamW.")
    batch_size: int = Field(
        32,
        ge=1,
        description="Examples per optimiser step, split into micro-batches of at most `max_tokens` "
        "tokens (a Snakemake resource), which does not change the result.",
    )
    epochs: float = Field(
        3.0, gt=0, description="Number of epochs; for a mixture, over all its training sets."
    )
    max_steps: int = Field(
        0, ge=0, description="Number of optimiser steps; 0 derives it from `epochs`."
    )
    warmup: float = Field(
        0.1, ge=0, le=1, description="Fraction of the steps with learning-rate warm-up."
    )
    schedule: Literal["linear", "cosine", "constant"] = Field(
        "linear", description="Learning-rate schedule after the warm-up."
    )
    weight_decay: float = Field(
        0.01, ge=0, description="Decoupled weight decay, not applied to biases and LayerNorm."
    )
    adam_beta2: float = Field(0.999, gt=0, lt=1, description="AdamW's beta2.")
    adam_epsilon: float = Field(1e-8, gt=0, description="AdamW's epsilon.")
    max_grad_norm: float = Field(
        1.0, ge=0, description="Maximum gradient norm for clipping; 0 disables clipping."
    )
    precision: Literal["fp32", "bf16"] = Field(
        "fp32",
        description="Precision of the forward pass; `bf16` is autocast, weights stay in fp32.",
    )
    compile: bool = Field(
        False,
        description="Compile the layers with `torch.compile` (BERT, ELECTRA, XLM-R, RoBERTa): "
        "faster steps after about a minute; same results except for rounding and dropout masks.",
    )
    # as group_by_length of transformers' Trainer
    sorted_batches: int = Field(
        50,
        ge=1,
        description="Number of batches whose examples are sorted by length together to reduce "
        "padding, at most a quarter of an epoch; 1 is random order, for data whose lengths reveal "
        "the labels.",
    )
    padding_free: bool = Field(
        False,
        description="Pack sequences into one row without padding (BERT, ELECTRA, XLM-R, RoBERTa), "
        "with attention in groups of equal length; same results except for rounding and dropout "
        "masks.",
    )
    lora: Lora | None = Field(
        None,
        description="Train low-rank adapters and heads and freeze the other weights; missing keys "
        "keep the value of the next wider level. Ignored in the pretraining of base models.",
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Label smoothing: probability mass distributed uniformly over all classes; "
        "not applied in masked language modelling.",
    )
    loss_weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {},
        description="Loss weight by task in a mixture, 1 by default; `mlm` applies to all masked "
        "language modelling.",
    )
    keep_head: bool = Field(
        False,
        description="Continue training the head of the previous stage if kind and labels match; "
        "by default every stage starts with a new head.",
    )
    # best English dev checkpoint, every 1,000 steps; jiant uses only the first 500 dev examples
    selection: Literal["last", "best"] = Field(
        "best",
        description="Weights that a stage keeps: the last, or the best on the dev sets of its "
        "training sets, in their languages.",
    )
    eval_steps: int = Field(
        1000,
        ge=0,
        description="Optimiser steps between dev evaluations with `selection: best`; 0 evaluates "
        "only after the last step.",
    )
    patience: int = Field(
        30, ge=0, description="Early stopping: dev evaluations without improvement; 0 disables it."
    )
    dev_examples: int = Field(
        0, ge=0, description="Use only the first N examples of each dev set; 0 uses all."
    )
    max_train_examples: int = Field(
        0, ge=0, description="Use only the first N examples of each training set; 0 uses all."
    )
    mlm_probability: float = Field(
        0.15, gt=0, lt=1, description="Fraction of tokens masked in masked language modelling."
    )
    sampling: Literal["proportional", "uniform", "temperature"] = Field(
        "proportional", description="How a mixture samples the training set of each step."
    )
    sampling_cap: int = Field(
        0,
        ge=0,
        description="Maximum size of a training set when sampling probabilities are computed (the "
        "paper's K is 131072); 0 means no cap.",
    )
    sampling_temperature: float = Field(
        1.0, ge=1, description="T of the exponent 1/T on the sizes, with `sampling: temperature`."
    )
    gradient_checkpointing: bool = Field(
        False,
        description="Recompute activations of each layer in the backward pass: less memory, more "
        "time, same result.",
    )
    save_steps: int = Field(
        0,
        ge=0,
        description="Save the training state every N steps, in addition to every ten minutes; 0 "
        "saves only every ten minutes. Does not change the result.",
    )
    max_length: int = Field(
        256, ge=8, description="Maximum sequence length in tokens (per task, not per stage)."
    )
    doc_stride: int = Field(
        128,
        ge=1,
        description="Tokens between the starts of consecutive windows over a long context (per "
        "task, not per stage).",
    )
    truncation: Truncation = Field(
        "context",
        description="Text that a multiple-choice example of more than `max_length` tokens loses: "
        "`context` cuts the context only, at its end, or at its start if the choices continue it; "
        "`start` and `end` cut the longer of prompt (context and question) and choice (per task, "
        "not per stage).",
    )
    # SQuAD v2.0's default in BERT's script and its descendants
    null_threshold: float = Field(
        0.0,
        description='Predict "no answer" if its score exceeds the best span\'s by more than this '
        "threshold, in tasks with unanswerable questions (per task, not per stage).",
    )


SELECTION_KEYS = ("eval_steps", "patience", "dev_examples")
"""Keys without effect with ``selection: last``."""

RUNTIME_KEYS = ("gradient_checkpointing", "save_steps")
"""Runtime settings: they do not change the result and are not part of a stage's identity."""

TOKEN_KEYS = ("max_length", "doc_stride", "truncation")
"""Keys of the tokenisation of a task, not of the training of a stage."""

TASK_KEYS = (*TOKEN_KEYS, "null_threshold")
"""Keys of a task, not of a stage: tokenisation and decoding."""


class Recipes(Section):
    """Recipes by level, the later override: all, position (pretrain, intermediate, target), task.

    These are overridden by the base model's (`bases.NAME.recipe`), then the stage's or target's.
    """

    preset: PresetName | None = Field(
        None,
        description="Published recipes that replace the tasks' own "
        "([protocol](protocol.md#recipes)); every other level overrides them.",
    )
    all: Recipe = Field(default_factory=Recipe, description="All stages.")
    pretrain: Recipe = Field(default_factory=Recipe, description="Pretraining of base models.")
    intermediate: Recipe = Field(default_factory=Recipe, description="Intermediate stages.")
    target: Recipe = Field(default_factory=Recipe, description="Target stages.")
    tasks: dict[str, Recipe] = Field({}, description="Stages that train on one task only, by task.")

    @model_validator(mode="after")
    def _no_adapters_in_pretraining(self) -> Recipes:
        check_pretraining(self.pretrain)
        return self


def check_pretraining(recipe: Recipe) -> None:
    """Raise a ValueError for adapters on a randomly initialised model."""
    if recipe.lora is not None:
        raise ValueError("lora needs pretrained weights; pretraining starts from random ones")
