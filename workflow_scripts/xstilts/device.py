"""Choice of the torch device of a job."""

from __future__ import annotations

import torch


def device_of(name: str = "auto") -> torch.device:
    """Return the device ``name``; ``auto`` is the GPU if there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def device_name(device: torch.device) -> str:
    """Return the device's name for reports: the GPU's model, or ``cpu``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
