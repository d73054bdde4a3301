"""AdamW, the learning-rate schedule, and the optimiser step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.optim import AdamW

from xstilts.training.process_group import SINGLE_PROCESS, local

if TYPE_CHECKING:
    from xstilts.config.recipe import Recipe


def make_optimiser(parameters: Iterable[nn.Parameter], recipe: Recipe) -> AdamW:
    """Return fused AdamW over the trained parameters; biases and LayerNorm weights do not decay.

    Its learning rate is set at each step (``optimiser_step``).
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in parameters:
        # biases and LayerNorm weights are the parameters with one dimension; the fused kernel
        # takes whole tensors or shards, not both at once
        kind = (parameter.ndim > 1, hasattr(parameter, "to_local"))
        groups.setdefault(kind, []).append(parameter)
    optimiser = AdamW(
        [
            {"params": groups[kind], "weight_decay": recipe.weight_decay if kind[0] else 0.0}
            for kind in sorted(groups, reverse=True)
        ],
        betas=(0.9, recipe.adam_beta2),
        eps=recipe.adam_epsilon,
        fused=True,
    )
    for parameter in trained(optimiser):
        # AdamW creates this at the first gradient; the head of a rare task may not have had one yet
        # when the state is saved or restored
        optimiser.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimiser


def trained(optimiser: AdamW) -> list[nn.Parameter]:
    """Return all parameters, in the order of the parameter groups."""
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


def learning_rate(step: int, steps: int, recipe: Recipe) -> float:
    """Return the learning rate of a step (counted from 0): linear warm-up, then the schedule."""
    warm = round(recipe.warmup * steps)
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    if recipe.schedule == "constant":
        return recipe.learning_rate
    left = (steps - step) / max(1, steps - warm)
    if recipe.schedule == "cosine":
        return recipe.learning_rate * (1 - math.cos(math.pi * left)) / 2
    return recipe.learning_rate * left


def decay_factor(steps: int, total: int, recipe: Recipe) -> float:
    """Return the factor of weight decay alone, for a weight without gradients, after ``steps``.

    Args:
        steps: number of steps taken.
        total: number of steps of the schedule.
        recipe: learning rate, schedule and weight decay.
    """
    rates = (learning_rate(step, total, recipe) for step in range(steps))
    return math.prod(1.0 - rate * recipe.weight_decay for rate in rates)


def optimiser_step(
    optimiser: AdamW,
    terms: int,
    rate: float,
    max_grad_norm: float,
    weight: float = 1.0,
    all_reduce: Callable[
        [Sequence[torch.Tensor]], torch.Tensor
    ] = SINGLE_PROCESS.all_reduce_gradients,
) -> torch.Tensor:
    """Take one step with accumulated gradients; return the gradient norm of the weighted mean loss.

    The division by ``terms`` is done here, not per micro-batch, so that the step does not depend on
    how the batch was split.

    Args:
        optimiser: from :func:`make_optimiser`.
        terms: number of losses whose sum was backpropagated.
        rate: learning rate of this step.
        max_grad_norm: the gradient is clipped to this norm; 0 for no clipping.
        weight: weight of the mean loss; the norm, and what is clipped, include it.
        all_reduce: sums the gradients over all processes and returns their norm.
    """
    gradients = [p.grad for p in trained(optimiser) if p.grad is not None]
    norm = all_reduce(gradients) / max(1, terms) * weight
    scale = torch.ones_like(norm) / max(1, terms) * weight
    if max_grad_norm:
        scale = scale * (max_grad_norm / (norm + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_([local(gradient) for gradient in gradients], scale)
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.step()
    optimiser.zero_grad()
    return norm
