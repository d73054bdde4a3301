"""What happened at each step: the record, the log lines, and the check for losses that exploded."""

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

if TYPE_CHECKING:
    import torch

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
"""Steps whose losses stay on the device: reading each at once would make it wait."""
LOG_SECONDS = 10.0


class Step(NamedTuple):
    """One optimiser step; loss and norm may still be on the device."""

    step: int
    task: str
    loss: torch.Tensor
    learning_rate: float
    grad_norm: torch.Tensor
    tokens: int
    examples: Callable[[], Sequence[str]]
    """Names the sequences of the step, for an error message."""


class History:
    """The record of a stage, across interruptions."""

    def __init__(self, num_steps: int, log: Callable[[str], None]) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
        self._num_steps = num_steps
        self._log = log
        self._pending: list[Step] = []
        self._clock = self._last_line = time.monotonic()
        self._first = 0
        self._seconds = 0.0

    def resume(self, columns: dict[str, list[Any]]) -> None:
        """Go on from the record of an earlier run."""
        self.columns = {name: list(values) for name, values in columns.items()}
        self._first = len(self.columns["step"])
        self._seconds = self.columns["seconds"][-1] if self._first else 0.0

    @property
    def seconds(self) -> float:
        """Time spent on training so far, in all runs."""
        return self._seconds + time.monotonic() - self._clock

    def add(self, step: Step) -> None:
        """Note a step."""
        self._pending.append(step)
        if len(self._pending) >= FLUSH_STEPS or step.step + 1 == self._num_steps:
            self.flush()

    def flush(self) -> None:
        """Read the pending losses.

        Raises:
            UserError: a loss or a gradient is not a finite number.
        """
        for step in self._pending:
            loss, norm = float(step.loss), float(step.grad_norm)
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise UserError(
                    f"step {step.step} ({step.task}): loss {loss}, gradient norm {norm}, at "
                    f"learning rate {step.learning_rate:.3g}, on the examples "
                    f"{', '.join(step.examples()[:8])}. Lower learning_rate, or raise warmup; "
                    "precision bf16 may be too coarse for this model."
                )
            values = (
                step.step, step.task, loss, step.learning_rate, norm, step.tokens, self.seconds
            )  # fmt: skip
            for name, value in zip(SCHEMA.names, values, strict=True):
                self.columns[name].append(value)
        self._pending.clear()
        if self.columns["step"] and time.monotonic() - self._last_line > LOG_SECONDS:
            self._last_line = time.monotonic()
            self._log(self.line())

    def line(self) -> str:
        """The latest step, the speed of this run and the time that is left."""
        done = len(self.columns["step"])
        elapsed = max(time.monotonic() - self._clock, 1e-9)
        new = max(1, done - self._first)
        speed = sum(self.columns["tokens"][self._first :]) / elapsed
        left = (self._num_steps - done) * elapsed / new
        return (
            f"step {done}/{self._num_steps} {self.columns['task'][-1]} "
            f"loss {self.columns['loss'][-1]:.4f} lr {self.columns['learning_rate'][-1]:.2e} "
            f"{speed:,.0f} tokens/s, {left / 60:.1f} min left"
        )

    def write(self, path: Path) -> None:
        """Write the record as Parquet."""
        with atomic_path(path) as temporary:
            pq.write_table(pa.table(self.columns, schema=SCHEMA), temporary)
