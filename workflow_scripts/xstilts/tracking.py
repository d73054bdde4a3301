"""Training curves for TensorBoard and Weights & Biases, where a study asks for them.

Nothing is imported that is not asked for. A stage that goes on after an interruption writes its
curves from the first step again, from its own record, into a fresh file: no step is there twice,
whatever had been written after the state from which it goes on.
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
"""Column of the training record to name of the curve."""


class Writer(Protocol):
    """One place that curves go to."""

    def write(self, step: int, values: Mapping[str, float], when: float, again: bool) -> None:
        """Add a point to each curve, at a Unix time; ``again`` if an earlier run did so before."""

    def close(self) -> None:
        """All points are written."""


class Tracker:
    """Tells the writers what a stage goes through; without writers, nothing."""

    def __init__(self, writers: Sequence[Writer] = ()) -> None:
        self._writers = list(writers)
        self._step, self._when = 0, 0.0
        self._waiting: list[Mapping[str, Any]] = []

    def steps(
        self, columns: Mapping[str, Sequence[Any]], first: int, *, again: bool = False
    ) -> None:
        """Write the steps of a training record from one on.

        Losses are read from the device for several steps at once, and only then is their time
        known: the speed is a point at the last step of each reading.

        Args:
            columns: of ``xstilts.training.history``.
            first: the row to begin with.
            again: an earlier run wrote them, too.
        """
        if not self._writers or len(columns["seconds"]) == first:
            return
        seconds, num_tokens = columns["seconds"], 0
        before = seconds[first - 1] if first else 0.0
        # by the clock of the training: pauses between runs of a stage do not show
        zero = time.time() - seconds[-1]
        for row in range(first, len(seconds)):
            values = {curve: columns[name][row] for name, curve in CURVES.items()}
            values[f"train/loss/{columns['task'][row]}"] = columns["loss"][row]
            num_tokens += columns["tokens"][row]
            if row + 1 == len(seconds) or seconds[row + 1] != seconds[row]:
                values["train/tokens_per_second"] = num_tokens / max(seconds[row] - before, 1e-9)
                before, num_tokens = seconds[row], 0
            # counted as evaluations are: steps done
            self._step, self._when = columns["step"][row] + 1, zero + seconds[row]
            self._write(self._step, values, again)
            self._write_waiting(again)

    def evaluation(self, rows: Sequence[Mapping[str, Any]], *, again: bool = False) -> None:
        """Write dev scores: ``step``, ``task``, ``language``, ``metric``, ``value``, 0-100.

        They wait for the steps before them, which are known later: curves go in order.
        """
        if self._writers:
            self._waiting += rows
            self._write_waiting(again)

    def close(self) -> None:
        """The stage is over, or stopped."""
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
                # a full disk is no reason to lose the training too
                LOGGER.warning("no more curves: they could not be written: %s", error)
                self._writers.remove(writer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracking:
    """Where the curves of a stage go."""

    tensorboard: bool = False
    wandb: str = ""
    """Project of Weights & Biases; empty for none."""

    def open(self, manifest: Path, identity: str, config: Mapping[str, Any]) -> Tracker:
        """A tracker for one stage.

        Args:
            manifest: of the stage's model; the curves lie below the same study's results.
            identity: digest of the stage's identity.
            config: plain values that describe the stage.

        Raises:
            UserError: wandb is asked for and not installed.
        """
        root, name = study_root(manifest.as_posix()), product(manifest.as_posix())
        writers: list[Writer] = []
        if self.wandb:
            writers.append(_Wandb(self.wandb, root, name, identity, config))
        if self.tensorboard:
            writers.append(_TensorBoard(root / "tensorboard" / name))
        return Tracker(writers)


class _TensorBoard:
    """One event file; those of earlier runs of the stage go."""

    def __init__(self, folder: Path) -> None:
        # takes a second to import: only where it is asked for
        from torch.utils.tensorboard import SummaryWriter

        for old in folder.glob("events.out.tfevents.*"):
            old.unlink()
        # a TensorBoard that is open has read them: it forgets their steps, from the first on
        self._writer = SummaryWriter(str(folder), purge_step=0, flush_secs=10)

    def write(self, step: int, values: Mapping[str, float], when: float, again: bool) -> None:
        """Add a point to each curve."""
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, step, walltime=when)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()


class _Wandb:
    """One run per identity; Weights & Biases itself drops steps that it has."""

    def __init__(
        self, project: str, root: Path, name: str, identity: str, config: Mapping[str, Any]
    ) -> None:
        try:
            # by name: it is the one package that the environment need not have
            wandb = importlib.import_module("wandb")
        except ModuleNotFoundError:
            raise UserError(
                f"logging.wandb: {project!r}, but the package wandb is not installed. Install it "
                "into the environment in which the jobs run (pip install wandb), or take the key "
                "out of the study."
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
