"""Training curves for TensorBoard and Weights & Biases, if a study enables them.

Each library is imported only if it is enabled. A resumed stage writes its curves again from the
first step, from its history, into a new file, so that no step occurs twice, even if steps after the
saved state had been written.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xstilts.errors import UserError
from xstilts.paths import product, study_root

LOGGER = logging.getLogger(__name__)

CURVES = {
    "loss": "train/loss",
    "learning_rate": "train/learning_rate",
    "grad_norm": "train/grad_norm",
}
"""Column of the training history to name of the curve."""


class Writer(Protocol):
    """A destination of curves."""

    def write(self, step: int, values: Mapping[str, float], when: float, again: bool) -> None:
        """Add a point to each curve, at a Unix time; ``again`` if an earlier run has done so."""

    def close(self) -> None:
        """Finish writing."""


class Tracker:
    """Sends the steps and evaluations of a stage to writers, if there are any."""

    def __init__(self, writers: Sequence[Writer] = ()) -> None:
        self._writers = list(writers)
        self._step, self._when = 0, 0.0
        self._waiting: list[Mapping[str, Any]] = []

    def steps(
        self, columns: Mapping[str, Sequence[Any]], first: int, *, again: bool = False
    ) -> None:
        """Write the steps of a training history from row ``first`` on.

        Losses are read from the device for several steps at once, and only then is the time known.
        The speed is therefore a point at the last step of each reading.

        Args:
            columns: columns of ``xstilts.training.history``.
            first: the first row to write.
            again: an earlier run has written them, too.
        """
        if not self._writers or len(columns["seconds"]) == first:
            return
        seconds, num_tokens = columns["seconds"], 0
        before = seconds[first - 1] if first else 0.0
        # training time, without the pauses between runs of a stage
        zero = time.time() - seconds[-1]
        for row in range(first, len(seconds)):
            values = {curve: columns[name][row] for name, curve in CURVES.items()}
            values[f"train/loss/{columns['task'][row]}"] = columns["loss"][row]
            num_tokens += columns["tokens"][row]
            if row + 1 == len(seconds) or seconds[row + 1] != seconds[row]:
                values["train/tokens_per_second"] = num_tokens / max(seconds[row] - before, 1e-9)
                before, num_tokens = seconds[row], 0
            # as for evaluations: the number of steps done
            self._step, self._when = columns["step"][row] + 1, zero + seconds[row]
            self._write(self._step, values, again)
            self._write_waiting(again)

    def evaluation(self, rows: Sequence[Mapping[str, Any]], *, again: bool = False) -> None:
        """Write dev scores: ``step``, ``task``, ``language``, ``metric``, ``value``, 0-100.

        They are held back until the steps before them are written, so that curves are in order.
        """
        if self._writers:
            self._waiting += rows
            self._write_waiting(again)

    def close(self) -> None:
        """Close the writers, at the end of the stage or an interruption."""
        for writer in self._writers:
            with contextlib.suppress(OSError):
                writer.close()

    def _write_waiting(self, again: bool) -> None:
        while self._waiting and self._waiting[0]["step"] <= self._step:
            row = self._waiting.pop(0)
            name = f"dev/{row['task']}@{row['language']}/{row['metric']}"
            self._write(row["step"], {name: row["value"]}, again)

    def _write(self, step: int, values: Mapping[str, float], again: bool) -> None:
        for writer in list(self._writers):
            try:
                writer.write(step, values, self._when, again)
            except OSError as error:
                # training continues even if the disk is full
                LOGGER.warning("no more curves: they could not be written: %s", error)
                self._writers.remove(writer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracking:
    """Destinations of the curves of a stage."""

    tensorboard: bool = False
    wandb: str = ""
    """Project of Weights & Biases; empty to disable it."""

    def open(self, manifest: Path, identity: str, config: Mapping[str, Any]) -> Tracker:
        """Return a tracker for one stage.

        Args:
            manifest: manifest of the stage's model; curves are written below the study's results.
            identity: digest of the stage's identity.
            config: plain values that describe the stage.

        Raises:
            UserError: wandb is enabled but not installed.
        """
        root, name = study_root(manifest.as_posix()), product(manifest.as_posix())
        writers: list[Writer] = []
        if self.wandb:
            writers.append(_Wandb(self.wandb, root, name, identity, config))
        if self.tensorboard:
            writers.append(_TensorBoard(root / "tensorboard" / name))
        return Tracker(writers)


class _TensorBoard:
    """A TensorBoard event file, which replaces those of earlier runs of the stage."""

    def __init__(self, folder: Path) -> None:
        # takes a second to import: only if it is enabled
        from torch.utils.tensorboard import SummaryWriter

        for old in folder.glob("events.out.tfevents.*"):
            old.unlink()
        # purge_step makes a running TensorBoard discard the steps of the deleted files
        self._writer = SummaryWriter(str(folder), purge_step=0, flush_secs=10)

    def write(self, step: int, values: Mapping[str, float], when: float, again: bool) -> None:
        """Add a point to each curve."""
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, step, walltime=when)

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()


class _Wandb:
    """A Weights & Biases run per identity; steps that it already has are not logged again."""

    def __init__(
        self, project: str, root: Path, name: str, identity: str, config: Mapping[str, Any]
    ) -> None:
        try:
            # an optional package, without type information if it is not installed
            wandb = importlib.import_module("wandb")
        except ModuleNotFoundError:
            raise UserError(
                f"logging.wandb: {project!r}, but the package wandb is not installed. Install it "
                "into the environment of the jobs (pip install wandb), or remove the key from the "
                "study."
            ) from None
        folder = root / "wandb"
        folder.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            project=project, group=root.name, name=name, id=identity, resume="allow",
            dir=str(folder), config=dict(config),
        )  # fmt: skip

    def write(self, step: int, values: Mapping[str, float], when: float, again: bool) -> None:
        """Log a step."""
        if not again:
            self._run.log(dict(values), step=step)

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()
