"""Checks of a model's weights: complete files, finite values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open

from xstilts.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def require_whole_file(file: Path) -> None:
    """Raise a UserError if a file of weights is truncated or not in the format of safetensors."""
    try:
        with safe_open(file, framework="pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{file}: truncated, or not a safetensors file ({error}). Copy or download it again."
        ) from None


def require_finite(model: torch.nn.Module, folder: Path) -> None:
    """Raise a UserError if any weight is NaN or infinite, as in a damaged or diverged checkpoint.

    Args:
        model: a model.
        folder: its checkpoint, for the message.
    """
    for name, weight in model.state_dict().items():
        # NaN is propagated: one pass, without a mask as large as the vocabulary
        if not weight.is_floating_point() or not weight.numel():
            continue
        if not all(map(torch.isfinite, weight.aminmax())):
            count = int((~torch.isfinite(weight)).sum())
            raise UserError(
                f"{folder}: {count:,} of {weight.numel():,} values of the weight {name} are NaN or "
                "infinite, so that no prediction would mean anything. Copy or download the "
                "checkpoint again."
            )
