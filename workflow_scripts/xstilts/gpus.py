"""Leases of GPUs on a workstation: each job that uses a model gets devices of its own.

Snakemake's ``--resources gpu=N`` limits the number of concurrent jobs but does not assign devices:
all jobs would use the first. A lease is a kernel lock on a file, so that a killed job releases its
device at once, and several runs on one machine can share its devices. On a cluster the scheduler
assigns devices; there, and if the user has chosen devices (``CHOSEN``), this module does nothing.
Only devices of NVIDIA and AMD are counted and leased: others (Apple has one, Intel's cannot be told
from the graphics of a processor) are shared by all jobs.

Locks: the file of a device is locked exclusively by a job that does not share it. Jobs that share
a device hold a shared lock, and each an exclusive lock on one of its numbered slots.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xstilts.errors import UserError
from xstilts.own_folder import checked, own_folder

LOGGER = logging.getLogger(__name__)

UNTESTED = (
    "{}: the tests of this version have been run on CPUs only. Compare the first scores with those "
    "of a run on a CPU (docs/cluster.md, Devices)."
)
"""Message for a device that is not a CPU, to be filled with its name."""

DRIVER = Path("/proc/driver/nvidia/gpus")
AMD = Path("/sys/class/kfd/kfd/topology/nodes")
"""Processors and GPUs as AMD's driver lists them."""
CHOSEN = (
    "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK",
    "SLURM_JOB_ID",
)  # fmt: skip
"""Environment variables that say that devices are assigned already."""
FOLDER_VARIABLE = "XSTILTS_LEASES"
"""Environment variable that names another folder for the locks."""
POLL_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpus:
    """The devices that a job requests."""

    count: int
    """Number of devices; 0 for the CPU."""
    jobs_per_gpu: int = 1
    """Maximum number of jobs that share a device."""


def count_devices() -> int:
    """Return the number of GPUs of this machine, without torch, which takes seconds to import."""
    return _count_nvidia() or _count_amd()


def present() -> str | None:
    """Return the maker of this machine's GPUs, or None; without torch."""
    if _count_nvidia():
        return "NVIDIA GPU"
    if _count_amd():
        return "AMD GPU"
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return "Apple GPU" if apple else None


def driver() -> str:
    """Return the version of NVIDIA's driver; empty if it is not known."""
    file = DRIVER.parent / "version"
    with contextlib.suppress(OSError):
        found = re.search(r"\b\d{3}(\.\d+)+", file.read_text(encoding="utf-8"))
        return found[0] if found else ""
    return ""


def _count_amd() -> int:
    """Return the nodes of AMD's driver that are GPUs, which have a number other than 0."""
    count = 0
    for file in AMD.glob("*/gpu_id"):
        with contextlib.suppress(OSError):
            count += file.read_text(encoding="utf-8").strip() not in ("", "0")
    return count


def _count_nvidia() -> int:
    if DRIVER.is_dir() and (found := len(list(DRIVER.iterdir()))):
        return found
    command = shutil.which("nvidia-smi")
    if command is None:
        return 0
    try:
        done = subprocess.run([command, "-L"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in done.stdout.splitlines())


@contextlib.contextmanager
def leased(
    gpus: Gpus | None,
    *,
    devices: Callable[[], int] = count_devices,
    folder: Path | None = None,
) -> Iterator[tuple[int, ...]]:
    """Lease devices while the block runs; only these are visible to torch.

    Waits until enough are free, first come, first served: a job that needs several is not overtaken
    by jobs that need one. Must be entered before the device is initialised, which reads the
    environment once.

    Args:
        gpus: the request; None leases nothing and changes nothing.
        devices: counts the devices of this machine.
        folder: folder of the locks; by default the user's own, or that of ``XSTILTS_LEASES``.

    Yields:
        The numbers of the devices; empty if nothing is leased: with one of ``CHOSEN`` set, on a
        machine without GPUs, or for a count of 0.

    Raises:
        UserError: more devices are requested than exist, or the folder is not this user's alone.
    """
    if gpus is None or set(CHOSEN) & set(os.environ):
        yield ()
        return
    total = devices()
    if total == 0:
        yield ()
        return
    if gpus.count > total:
        raise UserError(
            f"This job requests {gpus.count} GPUs, but this machine has {total}. Request fewer for "
            f"its rule: snakemake --set-resources RULE:gpu={total}"
        )
    torch_device = sys.modules.get("xstilts.device")
    if torch_device is not None and torch_device.is_initialised():
        raise RuntimeError("a GPU must be leased before it is initialised")
    variable, none = _visibility()
    with contextlib.ExitStack() as held:
        chosen: tuple[int, ...] = ()
        if gpus.count:
            chosen = _take(gpus, total, lease_folder(folder), held)
        os.environ[variable] = ",".join(map(str, chosen)) or none
        held.callback(os.environ.pop, variable, None)
        yield chosen


def _visibility() -> tuple[str, str]:
    """Return the environment variable that limits the visible devices, and its value for none."""
    if _count_amd() and not _count_nvidia():
        # an empty value would not hide them
        return "HIP_VISIBLE_DEVICES", "-1"
    return "CUDA_VISIBLE_DEVICES", ""


def lease_folder(folder: Path | None = None) -> Path:
    """Return the folder of locks, made if missing: the user's own unless another one is named.

    Raises:
        UserError: it is not a folder of this user alone.
    """
    try:
        if named := folder or os.environ.get(FOLDER_VARIABLE):
            return checked(Path(named), follow=True)
        return own_folder()
    except UserError as error:
        raise UserError(
            f"The folder of GPU leases cannot be used. {error} Or set another folder in the "
            f"environment variable {FOLDER_VARIABLE}."
        ) from None


def _take(gpus: Gpus, total: int, folder: Path, held: contextlib.ExitStack) -> tuple[int, ...]:
    """Wait for devices and lock them until ``held`` is closed."""
    # systemd-tmpfiles does not clean up locked folders
    folder_lock = os.open(folder, os.O_RDONLY)
    held.callback(os.close, folder_lock)
    fcntl.flock(folder_lock, fcntl.LOCK_SH)
    started, logged = time.monotonic(), False
    with contextlib.ExitStack() as turn:
        if not _lock(folder / "turn", fcntl.LOCK_EX | fcntl.LOCK_NB, turn):
            logged = _log_waiting(gpus, total, folder)
            _lock(folder / "turn", fcntl.LOCK_EX, turn)
        while not (chosen := _try_all(gpus, total, folder, held)):
            logged = logged or _log_waiting(gpus, total, folder)
            time.sleep(POLL_SECONDS)
    waited = f" after waiting {time.monotonic() - started:.0f} s" if logged else ""
    LOGGER.info("leased GPU %s of %d%s", ", ".join(map(str, chosen)), total, waited)
    return chosen


def _log_waiting(gpus: Gpus, total: int, folder: Path) -> bool:
    LOGGER.info("waiting for %d of %d GPUs in use by other jobs (%s)", gpus.count, total, folder)
    return True


def _try_all(gpus: Gpus, total: int, folder: Path, held: contextlib.ExitStack) -> tuple[int, ...]:
    """Lock the requested number of devices, or none; the least shared ones first."""
    with contextlib.ExitStack() as attempt:
        chosen: list[int] = []
        for slot in range(gpus.jobs_per_gpu):
            for device in range(total):
                if device not in chosen and _try(gpus, device, slot, folder, attempt):
                    chosen.append(device)
                if len(chosen) == gpus.count:
                    held.push(attempt.pop_all())
                    return tuple(sorted(chosen))
    return ()


def _try(gpus: Gpus, device: int, slot: int, folder: Path, attempt: contextlib.ExitStack) -> bool:
    """Lock one slot of a device, or the whole device if it is not shared."""
    if gpus.jobs_per_gpu == 1:
        return _lock(folder / f"gpu-{device}", fcntl.LOCK_EX | fcntl.LOCK_NB, attempt)
    with contextlib.ExitStack() as both:
        if _lock(folder / f"gpu-{device}", fcntl.LOCK_SH | fcntl.LOCK_NB, both) and _lock(
            folder / f"gpu-{device}.{slot}", fcntl.LOCK_EX | fcntl.LOCK_NB, both
        ):
            attempt.push(both.pop_all())
            return True
    return False


def _lock(file: Path, mode: int, held: contextlib.ExitStack) -> bool:
    """Lock a file until ``held`` is closed; return False if ``LOCK_NB`` is set and it is locked.

    The kernel releases the lock when the process ends, however it ends. Child processes do not
    inherit it. Waiting processes get it in the order of arrival.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(file, flags, 0o600)
    except OSError as error:
        raise UserError(
            f"{file}: this lock of GPU leases cannot be opened ({error.strerror}). Remove it if no "
            "job uses a GPU now."
        ) from None
    try:
        fcntl.flock(descriptor, mode)
    except BlockingIOError:
        os.close(descriptor)
        return False
    held.callback(os.close, descriptor)
    return True
