"""Peak speed of the machine, and the operations that a model needs."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from clock import Clock, Seconds

from xstilts.device import bf16_in_hardware, device_name, device_of

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def model_flops(lengths: Sequence[int], shape: dict[str, int], *, train: bool) -> float:
    """Floating-point operations of the layers for sequences of these lengths, without padding.

    A sequence of T tokens needs, per layer of width D and inner width F, 2 T (4 D^2 + 2 D F) for
    its linear maps and 4 T^2 D for attention (scores and mixing); the backward pass needs twice
    that. Embeddings, heads, softmax, normalisation and the optimiser are not counted.
    """
    width, inner = shape["width"], shape["inner"]
    num_tokens = np.asarray(lengths, np.float64)
    linear = 2 * num_tokens * (4 * width**2 + 2 * width * inner)
    attention = 4 * num_tokens**2 * width
    return float((linear + attention).sum()) * shape["layers"] * (3 if train else 1)


def driver() -> str:
    """NVIDIA's driver and the CUDA version, after a comma; empty on other devices."""
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    if shutil.which(query[0]) is None:
        return ""
    found = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()
    return f", driver {found}, CUDA {torch.version.cuda}"


def description(device: str, threads: int) -> str:
    """Processor or card, driver and versions."""
    import transformers

    target = device_of(device)
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}"
    if target.type != "cpu":
        return f"{device_name(target)}{driver()}, {versions}"
    text = CPUINFO.read_text(encoding="utf-8") if CPUINFO.is_file() else ""
    model = re.search(r"model name\s*: (.+)", text)
    name = model[1] if model else platform.processor()
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}, {threads} threads, {versions}"
