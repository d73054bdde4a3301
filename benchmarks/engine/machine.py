"""Peak speed of the machine, and the operations that a model needs."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from clock import Clock, Seconds

from xstilts.device import bf16_in_hardware, device_name, device_of
from xstilts.plan.work import forward_flops, training_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.models.shape import EncoderShape

CPUINFO = Path("/proc/cpuinfo")


def bf16_is_quick(device: str) -> bool:
    """True if the device multiplies bf16 in hardware; a CPU that emulates it takes minutes."""
    if device_of(device).type != "cpu":
        return bf16_in_hardware(device_of(device))
    flags = CPUINFO.read_text(encoding="utf-8") if CPUINFO.is_file() else ""
    return bool(re.search(r"\b(amx_bf16|avx512_bf16)\b", flags))


def matrix_product(device: str, precision: str) -> Seconds:
    """Seconds per FLOP of torch's product of two large square matrices; the best of several."""
    target = device_of(device)
    size = 2048 if target.type == "cpu" else 8192
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    left, right = (torch.randn(size, size).to(target, kind) for _ in range(2))
    found = []
    for _ in range(8):
        clock = Clock()
        left @ right
        found.append(clock.seconds())
    return Seconds(*(min(values) / (2 * size**3) for values in zip(*found, strict=True)))


def model_flops(lengths: Sequence[int], shape: EncoderShape, *, train: bool) -> float:
    """Floating-point operations of the layers for sequences of these lengths, without padding.

    Those that a plan counts (``xstilts.plan.work``), and three times that in training.
    """
    found = sum(forward_flops(shape, length, length) for length in lengths)
    return found * (training_factor({}) if train else 1)


def facts(device: str) -> dict[str, str]:
    """Card with its memory, driver and versions; processor and instructions of a CPU."""
    target = device_of(device)
    if target.type == "cpu":
        text = CPUINFO.read_text(encoding="utf-8") if CPUINFO.is_file() else ""
        model = re.search(r"model name\s*: (.+)", text)
        found = {"device": model[1] if model else platform.processor()}
        found["instructions"] = torch.backends.cpu.get_cpu_capability()
    else:
        found = {"device": device_name(target)}
        # not counted for every type of device
        with contextlib.suppress(RuntimeError, AttributeError):
            found["memory"] = f"{torch.accelerator.get_memory_info(target)[1] / 2**30:.1f} GiB"
        found |= nvidia()
    for package in ("torch", "transformers"):
        found[package] = torch.__version__ if package == "torch" else version_of(package)
    return found


def nvidia() -> dict[str, str]:
    """NVIDIA's driver and the CUDA version; empty on other devices."""
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    if shutil.which(query[0]) is None:
        return {}
    found = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
    return {"driver": found[0] if found else "unknown", "CUDA": str(torch.version.cuda)}


def version_of(package: str) -> str:
    """Version of an installed package, without the seconds that importing it takes."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def description(device: str, threads: int) -> str:
    """Processor or card, driver and versions, in one line."""
    first, *others = facts(device).items()
    if device_of(device).type == "cpu":
        others.insert(1, ("threads", str(threads)))
    return ", ".join([first[1], *(f"{name} {value}" for name, value in others)])
