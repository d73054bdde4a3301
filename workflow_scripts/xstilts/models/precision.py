"""The precision of forward passes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from xstilts.errors import UserError

Precision = Literal["fp32", "bf16"]


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Return a context in which forward passes use the precision; weights stay in fp32.

    Args:
        device: device of the model.
        precision: ``bf16`` is torch's autocast, ``fp32`` changes nothing.

    Raises:
        UserError: torch has no autocast for this type of device.
    """
    if precision == "fp32":
        return nullcontext()
    if not torch.amp.is_autocast_available(device.type):
        raise UserError(
            f"precision: bf16 is not available on the device {device.type} in torch "
            f"{torch.__version__}. Use fp32."
        )
    return torch.autocast(device.type, torch.bfloat16)
