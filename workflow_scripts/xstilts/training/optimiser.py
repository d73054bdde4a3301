"""AdamW, its learning rate at each step, and the step itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from xstilts.training.team import ALONE, local

if TYPE_CHECKING:
    from xstilts.training.recipe import Recipe


class AdamW:
    """Fused AdamW: the kernel that ``torch.optim.AdamW(fused=True)`` calls, and its bookkeeping.

    torch.optim's class imports torch's compiler at its first use, nearly two seconds of every
    job; a test holds the two to the same bits.
    """

    def __init__(self, groups: Sequence[tuple[list[nn.Parameter], float]], recipe: Recipe) -> None:
        """Take (parameters, weight decay) groups; moments start at zero."""
        self.groups = [group for group in groups if group[0]]
        self.recipe = recipe
        self.moments = [
            (
                [torch.zeros_like(parameter) for parameter in parameters],
                [torch.zeros_like(parameter) for parameter in parameters],
                [torch.zeros((), device=parameter.device) for parameter in parameters],
            )
            for parameters, _ in self.groups
        ]

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All parameters, in the order of the groups."""
        return [parameter for parameters, _ in self.groups for parameter in parameters]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One update of the parameters that have a gradient."""
        for (parameters, decay), moments in zip(self.groups, self.moments, strict=True):
            used = [i for i, parameter in enumerate(parameters) if parameter.grad is not None]
            if not used:
                continue
            first, second, steps = ([part[i] for i in used] for part in moments)
            torch._foreach_add_(steps, 1)
            torch._fused_adamw_(
                [local(parameters[i]) for i in used],
                [local(gradient) for i in used if (gradient := parameters[i].grad) is not None],
                [local(moment) for moment in first],
                [local(moment) for moment in second],
                [],
                steps,
                lr=rate,
                beta1=0.9,
                beta2=self.recipe.adam_beta2,
                weight_decay=decay,
                eps=self.recipe.adam_epsilon,
                amsgrad=False,
                maximize=False,
            )

    def zero_grad(self) -> None:
        """Drop all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def state_dict(self) -> list[tuple[list[torch.Tensor], ...]]:
        """The moments and step counts, by reference."""
        return list(self.moments)


def make_optimiser(parameters: Iterable[nn.Parameter], recipe: Recipe) -> AdamW:
    """Fused AdamW over what is trained; biases and LayerNorm weights do not decay."""
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for parameter in parameters:
        # biases and LayerNorm weights are the parameters with one dimension
        (decayed if parameter.ndim > 1 else free).append(parameter)
    return AdamW([(decayed, recipe.weight_decay), (free, 0.0)], recipe)


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


def left_by_decay(steps: int, total: int, recipe: Recipe) -> float:
    """What decay alone leaves of a weight without gradients after some of ``total`` steps."""
    rates = (learning_rate(step, total, recipe) for step in range(steps))
    return math.prod(1.0 - rate * recipe.weight_decay for rate in rates)


def step_with(
    optimiser: AdamW,
    terms: int,
    rate: float,
    max_grad_norm: float,
    weight: float = 1.0,
    reduce: Callable[[Sequence[torch.Tensor]], torch.Tensor] = ALONE.reduce,
) -> torch.Tensor:
    """Take one step with gradients of a sum of ``terms`` losses; returns the mean loss's norm.

    The sum is divided here, not in each pass, so that the step is that of the whole batch however
    it was split. The mean loss counts ``weight``, in the norm and in what is clipped too.
    ``reduce`` sums the gradients of all processes and gives their norm.
    """
    gradients = [p.grad for p in optimiser.parameters if p.grad is not None]
    norm = reduce(gradients) / max(1, terms) * weight
    scale = torch.ones_like(norm) / max(1, terms) * weight
    if max_grad_norm:
        scale = scale * (max_grad_norm / (norm + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_([local(gradient) for gradient in gradients], scale)
    optimiser.step(rate)
    optimiser.zero_grad()
    return norm
