"""The training history: loss and speed of each step, progress reports, a check for divergence."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.errors import UserError
from xstilts.files import atomic_path
from xstilts.progress import Progress, seconds_left

if TYPE_CHECKING:
    import torch

    from xstilts.training.runtime import Runtime

SCHEMA = pa.schema(
    [
        ("step", pa.int32()),
        ("task", pa.string()),
        ("loss", pa.float32()),
        ("learning_rate", pa.float64()),
        ("grad_norm", pa.float32()),
        ("tokens", pa.int32()),
        ("seconds", pa.float32()),
    ]
)
FLUSH_STEPS = 20
"""Steps after which losses are read from the device: reading each at once would stall it."""
FLUSH_SECONDS = 5.0
"""Seconds after which losses are read where steps are slow."""


class Step(NamedTuple):
    """One optimiser step; loss and gradient norm may still be on the device."""

    step: int
    task: str
    loss: torch.Tensor
    learning_rate: float
    grad_norm: torch.Tensor
    tokens: int
    examples: Callable[[], Sequence[str]]
    """Returns the names of the step's examples, for an error message."""


class History:
    """The history of a stage, across interruptions."""

    def __init__(self, num_steps: int, runtime: Runtime) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
        self._num_steps = num_steps
        self._report, self._tracker = runtime.report, runtime.tracker
        self._pending: list[Step] = []
        self._clock = self._flushed = time.monotonic()
        self._first = 0
        self._seconds = 0.0

    def resume(self, columns: dict[str, list[Any]]) -> None:
        """Continue the history of an earlier run."""
        self.columns = {name: list(values) for name, values in columns.items()}
        self._first = len(self.columns["step"])
        self._seconds = self.columns["seconds"][-1] if self._first else 0.0
        self._tracker.steps(self.columns, 0, again=True)

    @property
    def seconds(self) -> float:
        """Training time so far, of all runs."""
        return self._seconds + time.monotonic() - self._clock

    def add(self, step: Step) -> None:
        """Add a step."""
        self._pending.append(step)
        late = time.monotonic() - self._flushed > FLUSH_SECONDS
        if late or len(self._pending) >= FLUSH_STEPS or step.step + 1 == self._num_steps:
            self.flush()

    def flush(self) -> None:
        """Read the losses of the pending steps from the device.

        Raises:
            UserError: a loss or a gradient is not a finite number.
        """
        known = len(self.columns["step"])
        # reading waits for the device; only then is the time known
        losses = [float(step.loss) for step in self._pending]
        seconds, self._flushed = self.seconds, time.monotonic()
        for step, loss in zip(self._pending, losses, strict=True):
            norm = float(step.grad_norm)
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise UserError(
                    f"step {step.step} ({step.task}): loss {loss}, gradient norm {norm}, at "
                    f"learning rate {step.learning_rate:.3g}, on the examples "
                    f"{', '.join(step.examples()[:8])}. Lower learning_rate, or raise warmup; "
                    "precision bf16 may be too low for this model."
                )
            values = (step.step, step.task, loss, step.learning_rate, norm, step.tokens, seconds)
            for name, value in zip(SCHEMA.names, values, strict=True):
                self.columns[name].append(value)
        if self._pending:
            self._pending.clear()
            self._tracker.steps(self.columns, known)
            self._report(self._progress())

    def _progress(self) -> Progress:
        """Return the latest step with the speed of this run and the remaining time."""
        done = len(self.columns["step"])
        elapsed = max(time.monotonic() - self._clock, 1e-9)
        speed = sum(self.columns["tokens"][self._first :]) / elapsed
        task, loss = self.columns["task"][-1], self.columns["loss"][-1]
        return Progress(
            done,
            self._num_steps,
            "step",
            f"{task} loss {loss:.4f}, {speed:,.0f} tokens/s",
            seconds_left(done - self._first, self._num_steps - self._first, elapsed),
        )

    def write(self, path: Path) -> None:
        """Write the history as Parquet."""
        with atomic_path(path) as temporary:
            pq.write_table(pa.table(self.columns, schema=SCHEMA), temporary)
