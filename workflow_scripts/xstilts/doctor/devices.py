"""GPUs of this machine, and whether this torch can use them."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from xstilts import gpus
from xstilts.doctor.base import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

SUBJECT = "GPUs"


def devices() -> Iterator[Finding]:
    """Check GPUs, driver and torch."""
    import torch

    from xstilts.device import accelerator

    maker, count = gpus.present(), gpus.count_devices()
    build = _build()
    found = _present(maker, count)
    if maker is None and (device := accelerator()):
        # Intel's cannot be told from the graphics of a processor without torch
        yield _computation(f"a device of type {device.type}", build)
        return
    if maker is None:
        yield Finding("ok", SUBJECT, f"{found}; {build}: jobs run on the CPU")
        return
    if chosen := [name for name in gpus.CHOSEN if name in os.environ]:
        found += f", {', '.join(f'{name}={os.environ[name]}' for name in chosen)}"
    if not _built_for(maker):
        yield Finding(
            "fault",
            SUBJECT,
            f"{found}, but {build}, which does not use them",
            f"Install the build of torch {_public(torch)} for this GPU (pytorch.org/get-started) "
            "into the same environment, or set CUDA_VISIBLE_DEVICES= to run on the CPU.",
        )
        return
    yield _computation(found, build)


def _present(maker: str | None, count: int) -> str:
    if maker is None:
        return "none on this machine"
    driver = f", driver {gpus.driver()}" if gpus.driver() else ""
    return f"{max(count, 1)} x {maker}{driver}"


def _public(torch: object) -> str:
    return str(getattr(torch, "__version__", "")).partition("+")[0]


def _build() -> str:
    """Return what this torch was built for."""
    import torch

    version = torch.version
    for_what = next(
        (
            f"{name} {value}"
            for name, value in (
                ("CUDA", version.cuda),
                ("ROCm", version.hip),
                ("XPU", version.xpu),
            )
            if value
        ),
        "MPS" if torch.backends.mps.is_built() else "CPUs only",
    )
    return f"torch {torch.__version__} is built for {for_what}"


def _built_for(maker: str) -> bool:
    """Return True if this torch was built for the devices of a maker."""
    import torch

    built = {
        "NVIDIA GPU": torch.version.cuda is not None,
        "AMD GPU": torch.version.hip is not None,
        "Apple GPU": torch.backends.mps.is_built(),
    }
    return built[maker]


def _computation(found: str, build: str) -> Finding:
    """Check that torch finds a device and computes on it."""
    import torch

    from xstilts.device import accelerator, count_devices, device_name

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        device = accelerator()
        why = "; ".join(str(item.message).splitlines()[0] for item in warned)
    hidden = [n for n in gpus.CHOSEN[:4] if os.environ.get(n, "x").strip() in ("", "-1")]
    if device is None and hidden:
        return Finding("ok", SUBJECT, f"{found}; hidden by {hidden[0]}: jobs run on the CPU")
    if device is None:
        return Finding(
            "fault",
            SUBJECT,
            f"{found}; {build}, but it finds no device{f' ({why})' if why else ''}",
            "Install a newer driver, or torch for an older CUDA; in a container, pass the devices "
            "to it (--nv, --gpus all).",
        )
    try:
        ones: torch.Tensor = torch.ones(8, device=device)
        total = float((ones @ ones).cpu())
    except RuntimeError as error:
        first = str(error).strip().splitlines()[0]
        return Finding(
            "fault",
            SUBJECT,
            f"{found}; {build}; a computation fails: {first}",
            "Another process may use the device (nvidia-smi), or this torch has no code for this "
            "GPU: install a build that has.",
        )
    named = f"{count_devices()} visible ({device_name(device)})"
    if total != 8:
        return Finding(
            "fault", SUBJECT, f"{found}; {named}; computes 1 x 8 = {total}", "Replace it."
        )
    return Finding("ok", SUBJECT, f"{found}; {build}; {named}; a computation on it works")
