"""Dropout with cheap random numbers on a CPU.

On a CPU, torch draws a double-precision number per element, in one thread. Here one 64-bit number
of the same generator decides four elements, with 16 bits each, so that the rate is exact to within
2^-17 (0.1 becomes 0.100006).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

_LEVELS = 1 << 16
_LEAST = -(1 << 15)
_ONE_BF16 = 0x3F80
"""The bits of 1.0 in bf16, as an integer."""


def dropout(x: torch.Tensor, rate: float) -> torch.Tensor:
    """Zero each element with probability ``rate`` and divide the others by ``1 - rate``.

    The mask follows torch's default generator. On a GPU and in compiled code, torch's is used.

    Args:
        x: any shape.
        rate: in [0, 1].
    """
    dropped = round(rate * _LEVELS)
    if x.device.type != "cpu" or torch.compiler.is_compiling() or dropped == _LEVELS:
        return functional.dropout(x, rate)
    if not dropped:
        return x
    result: torch.Tensor = _Dropout.apply(x, dropped)
    return result


class Dropout(nn.Dropout):
    """``nn.Dropout`` with :func:`dropout`."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Apply dropout in training."""
        return dropout(input, self.p) if self.training else input


def use_dropout(model: nn.Module) -> None:
    """Replace each ``nn.Dropout`` in a model; names and rates stay the same."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, Dropout(child.p))


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, dropped: int) -> torch.Tensor:
        kept = kept_mask(x, dropped)
        ctx.save_for_backward(kept)
        ctx.scale = _LEVELS / (_LEVELS - dropped)
        return (x * kept).mul_(ctx.scale)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        (kept,) = ctx.saved_tensors
        return (gradient * kept).mul_(ctx.scale), None


def kept_mask(x: torch.Tensor, dropped: int) -> torch.Tensor:
    """Return 1 where an element is kept and 0 elsewhere, with the shape and dtype of ``x``.

    Args:
        x: a tensor on a CPU.
        dropped: number of the 65,536 possible draws that drop an element.
    """
    numbers = torch.empty(math.ceil(x.numel() / 4), dtype=torch.int64).random_(-(2**63), None)
    draws = numbers.view(torch.int16)[: x.numel()].view(x.shape)
    first_kept = _LEAST + dropped
    if x.dtype == torch.bfloat16:
        # converting booleans to bf16 would take as long as all the rest
        bits = draws.clamp_(first_kept - 1, first_kept).sub_(first_kept - 1).mul_(_ONE_BF16)
        return bits.view(torch.bfloat16)
    return (draws >= first_kept).to(x.dtype)
