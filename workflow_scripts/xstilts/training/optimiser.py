"""AdamW, its learning rate at each step, and the step itself."""

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
    """Fused AdamW over what is trained; biases and LayerNorm weights do not decay.

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
        # as AdamW does at the first gradient, which the head of a rare task may not have had when
        # the training goes on from a saved state
        optimiser.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimiser


def trained(optimiser: AdamW) -> list[nn.Parameter]:
    """All parameters, in the order of the groups."""
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


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


def decay_factor(steps: int, total: int, recipe: Recipe) -> float:
    """What decay alone leaves of a weight without gradients after some of ``total`` steps."""
    rates = (learning_rate(step, total, recipe) for step in range(steps))
    return math.prod(1.0 - rate * recipe.weight_decay for rate in rates)


def optimiser_step(
    optimiser: AdamW,
    terms: int,
    rate: float,
    max_grad_norm: float,
    weight: float = 1.0,
    reduce: Callable[[Sequence[torch.Tensor]], torch.Tensor] = SINGLE_PROCESS.all_reduce_gradients,
) -> torch.Tensor:
    """Take one step with gradients of a sum of ``terms`` losses; returns the mean loss's norm.

    The sum is divided here, not in each pass, so that the step is that of the whole batch however
    it was split. The mean loss counts ``weight``, in the norm and in what is clipped too.
    ``reduce`` sums the gradients of all processes and gives their norm.
    """
    gradients = [p.grad for p in trained(optimiser) if p.grad is not None]
    norm = reduce(gradients) / max(1, terms) * weight
    scale = torch.ones_like(norm) / max(1, terms) * weight
    if max_grad_norm:
        scale = scale * (max_grad_norm / (norm + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_([local(gradient) for gradient in gradients], scale)
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.step()
    optimiser.zero_grad()
    return norm
