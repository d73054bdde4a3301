"""The precision of forward passes."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["fp32", "bf16"]


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Return a context in which forward passes use the precision; weights stay in fp32.

    Args:
        device: device of the model.
        precision: ``bf16`` is torch's autocast, ``fp32`` changes nothing.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
