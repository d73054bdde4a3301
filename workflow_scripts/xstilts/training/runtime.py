"""Runtime settings and results of training a stage; neither changes the trained weights."""

from __future__ import annotations

import logging
import re
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.device import peak_memory as device_peak
from xstilts.progress import Progress, Reporter
from xstilts.tracking import Tracker
from xstilts.training.process_group import SINGLE_PROCESS, ProcessGroup

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainResult:
    """Facts about a finished stage."""

    steps: int
    resumed_at: int
    """Step from which the last run resumed; 0 for a stage without interruption."""
    seconds: float
    """Training time, of all runs."""
    tokens: int
    """Tokens trained on, without padding."""
    final_loss: float
    """Mean loss of the last tenth of the steps."""
    kept_step: int
    """Number of steps after which the kept weights were taken: the last, or the best on dev."""
    dev_score: float | None
    """Mean of the tasks' dev metrics at ``kept_step``, 0-100; None without selection."""
    peak_memory: int
    """Bytes of GPU memory, or of the process's main memory on a CPU."""
    device: str
    heads: dict[str, str]
    """Origin of each task's head: ``fresh``, ``parent:NAME`` or ``checkpoint``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """Settings of a stage that do not change its result."""

    state_dir: Path
    """Folder of the training state, outside the outputs."""
    identity: str
    """Digest of all that determines the result; a state of another identity is not resumed."""
    max_tokens: int
    """Maximum tokens of a micro-batch, padding included."""
    num_threads: int
    gradient_checkpointing: bool = False
    """Recompute each layer in the backward pass instead of keeping its activations."""
    save_every_s: float = 600.0
    """Seconds between saves of the training state."""
    save_steps: int = 0
    """Steps between additional saves of the training state; 0 for none."""
    device: str = "auto"
    group: ProcessGroup = SINGLE_PROCESS
    """The processes that train the stage together."""
    log: Callable[[str], None] = logger.info
    report: Callable[[Progress], None] = field(default_factory=Reporter)
    """Receives the progress, every few steps."""
    tracker: Tracker = field(default_factory=Tracker)
    """Receives each step and evaluation, for TensorBoard or Weights & Biases."""
    stop_after: int | None = None
    """Stop after this many steps, as if by a signal; for tests."""


def peak_memory(device: torch.device) -> int:
    """Return the peak memory in bytes: of the GPU, or of this process's main memory."""
    own = device_peak(device)
    if own is not None:
        return own
    status = Path("/proc/self/status")
    if status.is_file():
        # not ru_maxrss, which is inherited: a small child of a large process reports the parent's
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
