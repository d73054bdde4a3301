"""How a stage is trained: every number that changes its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from xstilts.models.lora import Lora


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """The resolved recipe of a stage; nothing is left unsaid but what is not used (``lora``)."""

    learning_rate: float
    """Peak learning rate of AdamW."""
    batch_size: int
    """Sequences per optimiser step, whatever the split into passes."""
    epochs: float
    """Passes over the training sets, of which each counts at most ``sampling_cap`` sequences."""
    max_steps: int
    """Exact number of optimiser steps; 0 lets ``epochs`` decide."""
    warmup: float
    """Share of the steps over which the learning rate rises."""
    schedule: Literal["linear", "cosine", "constant"]
    """Course of the learning rate after the warm-up."""
    weight_decay: float
    """Decoupled weight decay; none on biases and LayerNorm."""
    adam_beta2: float
    adam_epsilon: float
    max_grad_norm: float
    """Gradient norm above which gradients are scaled down; 0 is off."""
    precision: Literal["fp32", "bf16"]
    """Arithmetic of the forward pass; the weights stay in fp32."""
    compile: bool
    """Whether the layers are compiled for training (``xstilts.models.compiled``)."""
    sorted_batches: int
    """Batches that are sorted by length together, at most a quarter of an epoch."""
    padding_free: bool
    """Whether the encoder is trained without padding (``xstilts.models.packed``)."""
    label_smoothing: float
    """Share of the target's probability that goes to all classes alike."""
    loss_weights: Mapping[str, float]
    """What the loss of a task's steps counts, by head; 1 where it is not named."""
    keep_head: bool
    """Go on with the parent's head where kind and labels are the same."""
    selection: Literal["last", "best"]
    """Which weights are kept: the last, or the best on the dev sets."""
    eval_steps: int
    """Steps between evaluations on the dev sets; 0 evaluates after the last step only."""
    patience: int
    """Evaluations without a better score after which training stops; 0 is off."""
    dev_examples: int
    """The first so many examples of each dev set; 0 is all."""
    max_train_examples: int
    """The first so many examples of each training set; 0 is all."""
    mlm_probability: float
    """Share of the pieces that masked language modelling hides."""
    sampling: Literal["proportional", "uniform", "temperature"]
    """How a mixture draws the task of each step."""
    sampling_cap: int
    """A task counts at most this many sequences in the draw; 0 is no cap."""
    sampling_temperature: float
    """Exponent 1/T on the sizes, with ``sampling: temperature``."""
    lora: Lora | None = None
    """Adapters; without them all weights are trained."""
