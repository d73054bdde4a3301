"""How a stage is run, and what it reports; neither changes what is learned."""

from __future__ import annotations

import logging
import re
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from xstilts.progress import Progress, Reporter
from xstilts.tracking import Tracker
from xstilts.training.process_group import SINGLE_PROCESS, ProcessGroup

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainResult:
    """What a finished stage reports."""

    steps: int
    resumed_at: int
    """Steps that earlier runs had done; 0 for a stage without interruption."""
    seconds: float
    """Time spent on training, in all runs."""
    tokens: int
    """Tokens trained on, without padding."""
    final_loss: float
    """Mean loss of the last tenth of the steps."""
    kept_step: int
    """Steps after which the weights were taken that are kept: the last, or the best on dev."""
    dev_score: float | None
    """Mean of the tasks' dev metrics at ``kept_step``, 0-100; None without selection."""
    peak_memory: int
    """Bytes: of the GPU if there is one, else of the process."""
    device: str
    heads: dict[str, str]
    """Where each task's head came from: ``fresh``, ``parent:NAME`` or ``checkpoint``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """How a stage is run; nothing here changes its result."""

    state_dir: Path
    """Folder of the training state, outside the outputs."""
    identity: str
    """What decides the result; a state of another identity is not continued."""
    max_tokens: int
    """Tokens, padding included, that go through the model at once."""
    num_threads: int
    gradient_checkpointing: bool = False
    """Compute each layer again in the backward pass instead of keeping what it computed."""
    save_every_s: float = 600.0
    save_steps: int = 0
    """Steps between savings of the state, besides those by time; 0 is off."""
    device: str = "auto"
    group: ProcessGroup = SINGLE_PROCESS
    """The processes that train the stage together."""
    log: Callable[[str], None] = logger.info
    report: Callable[[Progress], None] = field(default_factory=Reporter)
    """Told how far the training is, every few steps."""
    tracker: Tracker = field(default_factory=Tracker)
    """Told each step and evaluation, for TensorBoard and the like."""
    stop_after: int | None = None
    """Stop as if by a signal after so many steps; for trials."""


def peak_memory(device: torch.device) -> int:
    """Bytes that were held at most: of the GPU if there is one, else of this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    status = Path("/proc/self/status")
    if status.is_file():
        # ru_maxrss is inherited: a small child of a large process would report its parent's peak
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
