"""Leases of GPUs on a workstation: each job that uses a model gets devices that no other one has.

Snakemake's ``--resources gpu=N`` limits how many jobs run and names no device: all would take the
first. A lease is a kernel lock on a file of the user's, so that a job that is killed gives its
device back at once, and several runs on one machine share its devices. On a cluster the scheduler
gives devices to jobs; there, and where the user names devices, nothing here acts.

Locks: a device's file is locked by a job that wants it alone (exclusively), or by all that share
it (shared), each of which also locks one of its numbered slots.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xstilts.errors import UserError

LOGGER = logging.getLogger(__name__)

DRIVER = Path("/proc/driver/nvidia/gpus")
FOLDER_VARIABLE = "XSTILTS_LEASES"
"""Environment variable that names another folder for the locks."""
POLL_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpus:
    """What a job asks for."""

    count: int
    """Different devices; 0 computes on the CPU."""
    jobs_per_gpu: int = 1
    """How many jobs may share a device."""


def count_devices() -> int:
    """GPUs of this machine, without torch: it would initialise them, and takes seconds."""
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
    """Hold devices while the block runs; they are the only ones that it sees.

    Waits until enough are free, in the order of asking: a job that needs several is not passed by
    those that need one. To be entered before CUDA is initialised, which reads the environment once.

    Args:
        gpus: what is asked for; None asks for nothing and changes nothing.
        devices: counts the devices of this machine.
        folder: of the locks; by default the user's own, or that of ``XSTILTS_LEASES``.

    Yields:
        The devices' numbers; none where nothing is leased: in a SLURM job, with
        ``CUDA_VISIBLE_DEVICES`` set, on a machine without GPU, or for a count of 0.

    Raises:
        UserError: more devices are asked for than there are, or the folder is another user's.
    """
    if gpus is None or {"CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"} & set(os.environ):
        yield ()
        return
    total = devices()
    if total == 0:
        yield ()
        return
    if gpus.count > total:
        raise UserError(
            f"This job asks for {gpus.count} GPUs, and this machine has {total}. Give its rule "
            f"fewer: snakemake --set-resources RULE:gpu={total}"
        )
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        raise RuntimeError("a GPU must be leased before CUDA is initialised")
    with contextlib.ExitStack() as held:
        chosen = _take(gpus, total, folder or _folder(), held) if gpus.count else ()
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, chosen))
        held.callback(os.environ.pop, "CUDA_VISIBLE_DEVICES", None)
        yield chosen


def _folder() -> Path:
    """The user's folder of locks.

    Not below ``XDG_RUNTIME_DIR``: that goes when the user logs out, and with it the names of locks
    that jobs still hold. The temporary folder's fixed place, for ``TMPDIR`` may differ by terminal.
    """
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    root = Path("/tmp")
    return (root if root.is_dir() else Path(tempfile.gettempdir())) / f"xstilts-{os.getuid()}"


def _take(gpus: Gpus, total: int, folder: Path, held: contextlib.ExitStack) -> tuple[int, ...]:
    """Wait for devices and lock them until ``held`` is closed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise UserError(
            f"{folder}: this folder of GPU leases belongs to another user. Name another one in the "
            f"environment variable {FOLDER_VARIABLE}."
        )
    # systemd's cleaning of old temporary files leaves out folders that are locked
    folder_lock = os.open(folder, os.O_RDONLY)
    held.callback(os.close, folder_lock)
    fcntl.flock(folder_lock, fcntl.LOCK_SH)
    started, said = time.monotonic(), False
    with contextlib.ExitStack() as turn:
        if not _lock(folder / "turn", fcntl.LOCK_EX | fcntl.LOCK_NB, turn):
            said = _say_waiting(gpus, total, folder)
            _lock(folder / "turn", fcntl.LOCK_EX, turn)
        while not (chosen := _try_all(gpus, total, folder, held)):
            said = said or _say_waiting(gpus, total, folder)
            time.sleep(POLL_SECONDS)
    waited = f" after waiting {time.monotonic() - started:.0f} s" if said else ""
    LOGGER.info("leased GPU %s of %d%s", ", ".join(map(str, chosen)), total, waited)
    return chosen


def _say_waiting(gpus: Gpus, total: int, folder: Path) -> bool:
    LOGGER.info("waiting for %d of %d GPUs: other jobs have them (%s)", gpus.count, total, folder)
    return True


def _try_all(gpus: Gpus, total: int, folder: Path, held: contextlib.ExitStack) -> tuple[int, ...]:
    """Lock as many devices as are asked for, or none; the least shared ones first."""
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
    """Lock one slot of a device, or all of the device where it is not shared."""
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
    """Lock a file until ``held`` is closed; False if ``LOCK_NB`` is given and it is not free.

    The lock is the kernel's: it goes with the process, however that ends. Programs that the
    process starts do not inherit it. Those that wait get it in the order in which they came.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, mode)
    except BlockingIOError:
        os.close(descriptor)
        return False
    held.callback(os.close, descriptor)
    return True
