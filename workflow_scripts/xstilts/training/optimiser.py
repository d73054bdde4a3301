"""AdamW, its learning rate at each step, and the step itself."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from xstilts.training.recipe import Recipe


def make_optimiser(modules: Iterable[nn.Module], recipe: Recipe) -> torch.optim.AdamW:
    """Fused AdamW over all modules; biases and LayerNorm weights do not decay."""
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for module in modules:
        for parameter in module.parameters():
            # biases and LayerNorm weights are the parameters with one dimension
            (decayed if parameter.ndim > 1 else free).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": recipe.weight_decay},
            {"params": free, "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
        betas=(0.9, recipe.adam_beta2),
        eps=recipe.adam_epsilon,
        fused=True,
    )


def learning_rate(step: int, steps: int, recipe: Recipe) -> float:
    """Learning rate of a step (counted from 0): up in a line, then the schedule down to 0."""
    warm = round(recipe.warmup * steps)
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    if recipe.schedule == "constant":
        return recipe.learning_rate
    left = (steps - step) / max(1, steps - warm)
    if recipe.schedule == "cosine":
        return recipe.learning_rate * (1 - math.cos(math.pi * left)) / 2
    return recipe.learning_rate * left


def step_with(
    optimiser: torch.optim.AdamW, terms: int, rate: float, max_grad_norm: float
) -> torch.Tensor:
    """Take one step with gradients of a sum of ``terms`` losses; returns the mean loss's norm.

    The sum is divided here, not in each pass, so that the step is that of the whole batch however
    it was split.
    """
    gradients = [
        parameter.grad
        for group in optimiser.param_groups
        for parameter in group["params"]
        if parameter.grad is not None
    ]
    norm = torch.nn.utils.get_total_norm(gradients) / max(1, terms)
    scale = torch.ones_like(norm) / max(1, terms)
    if max_grad_norm:
        scale = scale * (max_grad_norm / (norm + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_(gradients, scale)
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return norm
