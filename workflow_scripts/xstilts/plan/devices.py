"""Memory and peak throughput of GPUs, from data sheets."""

from __future__ import annotations

import re
from typing import NamedTuple

from xstilts.errors import UserError, unknown

TERA = 1e12
GIB = 2**30


class Card(NamedTuple):
    """One GPU model."""

    memory: float
    """Memory in GiB as reported by torch, approximately (data sheets give GB)."""
    fp32: float
    """Peak TFLOPS without tensor cores, torch's default for fp32."""
    bf16: float | None
    """Peak TFLOPS on tensor cores, dense, fp32 accumulation; None if bf16 is emulated."""
    pattern: str
    """Matches ``xstilts.device.device_name``."""


# Data sheets and architecture white papers of NVIDIA and AMD; SXM or OAM modules unless named
# otherwise, dense (half of the "with sparsity" figures).
CARDS = {
    "A10": Card(22, 31.2, 125, r"NVIDIA A10(?!\d|G)"),
    "A100-40GB": Card(39, 19.5, 312, r"A100-(SXM4|PCIE)-40GB"),
    "A100-80GB": Card(79, 19.5, 312, r"A100(-SXM4-80GB|.*80GB)"),
    "A40": Card(44, 37.4, 149.7, r"NVIDIA A40"),
    "B200": Card(178, 75, 2250, r"B200"),
    "H100": Card(79, 66.9, 989.4, r"H100 80GB HBM3"),
    "H100-PCIe": Card(79, 51.2, 756, r"H100 PCIe"),
    "H200": Card(139, 66.9, 989.4, r"H200"),
    "L4": Card(22, 30.3, 121, r"NVIDIA L4(?!\d)"),
    "L40S": Card(44, 91.6, 362, r"L40S"),
    "MI300X": Card(191, 163.4, 1307, r"MI300X"),
    "RTX-2080Ti": Card(10.7, 13.4, None, r"RTX 2080 Ti"),
    "RTX-3090": Card(23.6, 35.6, 71, r"RTX 3090(?! Ti)"),
    # 3,072 CUDA cores at 2.37 GHz, the highest boost clock; tensor cores as many times faster as in
    # the RTX 4090
    "RTX-4060-Laptop": Card(7.6, 14.6, 29.1, r"RTX 4060 Laptop"),
    "RTX-4090": Card(23.6, 82.6, 165.2, r"RTX 4090"),
    "RTX-A6000": Card(47.5, 38.7, 154.8, r"RTX A6000"),
    "T4": Card(14.6, 8.1, None, r"T4"),
    "V100-16GB": Card(15.8, 15.7, None, r"V100-\w+-16GB"),
    "V100-32GB": Card(31.7, 15.7, None, r"V100-\w+-32GB"),
}

SHARE = {"fp32": 0.5, "bf16": 0.25}
"""Assumed, not measured, fraction of the peak until a job on such a GPU has finished. Batches of
short sequences use tensor cores less than ordinary units."""

MEASURED = {"pair of CPU cores": {"fp32": 0.07 * TERA, "bf16": 0.17 * TERA}}
"""Operations per second of devices without a data sheet, by precision: two jobs, with one thread
each, that train (bf16) and predict (fp32) with multilingual-e5-small on a busy Xeon with AMX. From
the tokens and seconds in their manifests: ``xstilts plan`` computes the same rate of the jobs that
have finished here, and then uses it instead. ``benchmarks/engine/families.py`` measures the
training of one job alone."""

ORIENTATION = ("A100-80GB", "H100", "RTX-4090", "RTX-4060-Laptop", "pair of CPU cores")
"""Devices for which a plan without a device gives hours."""


def card(name: str) -> Card:
    """Return a GPU by name, ignoring case.

    Raises:
        UserError: it is not in the table; the message suggests the nearest name.
    """
    by_lower = {known.lower(): known for known in CARDS}
    if name.lower() not in by_lower:
        error = unknown("GPU", name, CARDS, "--gpu")
        raise UserError(f"{error} For other GPUs, give --memory, as in --memory 80GiB.")
    return CARDS[by_lower[name.lower()]]


def canonical(device: str) -> str:
    """Return the name in the table of torch's device name; unknown names are returned as is."""
    for name, item in CARDS.items():
        if name.lower() == device.lower() or re.search(item.pattern, device):
            return name
    return device


def assumed_rate(name: str, precision: str) -> float:
    """Return the assumed operations per second of a device without finished jobs."""
    if name in MEASURED:
        return MEASURED[name][precision]
    item = card(name)
    if precision == "bf16" and item.bf16:
        return SHARE["bf16"] * item.bf16 * TERA
    return SHARE["fp32"] * item.fp32 * TERA


def bytes_of(text: str) -> int:
    """Parse a size such as ``80GiB`` or ``24 GB`` into bytes.

    Raises:
        UserError: it is not a size.
    """
    found = re.fullmatch(r"\s*([\d.]+)\s*([KMGT]?)(i?)B\s*", text, re.IGNORECASE)
    try:
        number = float(found[1]) if found else 0.0
    except ValueError:
        number = 0.0
    if not found or number <= 0:
        raise UserError(
            f"--memory: {text!r} is not a size. Write a number and a unit, as in 80GiB."
        )
    base = 1024 if found[3] else 1000
    return int(number * base ** (" KMGT".index(found[2].upper() or " ")))
