"""Devices: the only module that asks torch which accelerator it has.

CUDA, ROCm (which torch calls CUDA), Apple's MPS and Intel's XPU are all reached through
``torch.accelerator``. The number of devices without importing torch is in ``xstilts.gpus``.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

import torch

from xstilts.gpus import UNTESTED

LOGGER = logging.getLogger(__name__)


def accelerator() -> torch.device | None:
    """Return the type of the accelerator that this torch is built for and that is present."""
    return torch.accelerator.current_accelerator(check_available=True)


def device_of(name: str = "auto") -> torch.device:
    """Return the device ``name``; ``auto`` is the accelerator if there is one.

    The first accelerator of a process that the tests have not been run on is logged.
    """
    device = torch.device(name) if name != "auto" else accelerator() or torch.device("cpu")
    _log_untested(device.type)
    return device


@functools.cache
def _log_untested(kind: str) -> None:
    if kind not in ("cpu", "meta"):
        LOGGER.warning("%s", UNTESTED.format(device_name(torch.device(kind))))


def _module(device: torch.device) -> Any:
    """Return torch's module of a device type, such as ``torch.cuda``; None if it has none."""
    return getattr(torch, device.type, None)


def device_name(device: torch.device) -> str:
    """Return the device's name for reports: the GPU's model, or its type, as ``cpu`` or ``mps``."""
    named = getattr(_module(device), "get_device_name", None)
    return str(named(device)) if named else device.type


def count_devices() -> int:
    """Return the number of visible accelerators."""
    return torch.accelerator.device_count() if accelerator() else 0


def process_device(rank: int) -> torch.device:
    """Select and return the accelerator of one of several processes, or the CPU if there is none.

    Args:
        rank: rank of this process, less than the number of accelerators.
    """
    found = accelerator()
    if found is None:
        return torch.device("cpu")
    torch.accelerator.set_device_index(rank)
    return torch.device(found.type, rank)


def is_initialised() -> bool:
    """True if this process uses an accelerator already, so that it must not be forked."""
    found = torch.accelerator.current_accelerator()
    check = getattr(_module(found), "is_initialized", None) if found else None
    return bool(check and check())


def synchronise(device: torch.device) -> None:
    """Wait until the device has computed all that it was given."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def peak_memory(device: torch.device) -> int | None:
    """Return the peak of the device's own memory in bytes; None where torch does not count it."""
    if device.type == "cpu":
        return None
    try:
        return int(torch.accelerator.max_memory_allocated(device))
    # not implemented by every type, MPS among them
    except (RuntimeError, ValueError):
        return None


def bf16_in_hardware(device: torch.device) -> bool:
    """True if an accelerator computes in bf16 itself, as far as torch can tell."""
    asked = getattr(_module(device), "is_bf16_supported", None)
    return bool(asked(including_emulation=False)) if asked else True


def to_device(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Copy a tensor from main memory; on CUDA without waiting for what the device computes.

    On other types (MPS), such a copy may be read before it is complete.
    """
    return tensor.to(device, non_blocking=device.type == "cuda")
