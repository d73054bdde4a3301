"""The sequences that each step trains on: a pure function of seed, task and step."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from xstilts.errors import UserError
from xstilts.training.mixture import derived_seed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.tokens.store import TokenTable


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingSet:
    """One training set of a mixture."""

    task: str
    """Name of the task and of its head, which all training sets of the task share."""
    language: str
    tokens: Path
    """Token file (``xstilts.tokens``)."""


@dataclass
class TaskSampler:
    """The training sets of one task in the order of training.

    Batches consist of *units*: single sequences, or all sequences of an example, which are
    adjacent in the token file.
    """

    task: str
    members: Sequence[TrainingSet]
    tables: Sequence[TokenTable]
    batch_size: int
    seed: int
    max_examples: int
    sorted_batches: int
    """Batches that are sorted by length together; at most a quarter of all batches, since small
    sets would otherwise have nearly the same batches in every epoch."""
    whole_examples: bool = False
    """True if a unit is an example with all its sequences."""
    per_unit: int = field(default=1, init=False)
    """Sequences of each unit."""
    _epoch: int = field(default=-1, init=False)
    """The epoch of the two fields below."""
    _units: npt.NDArray[np.int64] = field(init=False)
    """All units, in the order in which they are cut into batches."""
    _order: npt.NDArray[np.int64] = field(init=False)
    """The order of the batches."""

    def __post_init__(self) -> None:
        chosen = [
            np.flatnonzero(
                table.column("example") < (self.max_examples or table.metadata["num_examples"])
            )
            for table in self.tables
        ]
        if not sum(map(len, chosen)):
            files = ", ".join(str(member.tokens) for member in self.members)
            raise UserError(f"{self.task}: nothing to train on in {files}. Check its data set.")
        if self.whole_examples:
            self.per_unit = self._sequences_per_example(chosen)
        firsts = [rows[:: self.per_unit] for rows in chosen]
        self.member = np.concatenate([np.full(len(c), i, np.int32) for i, c in enumerate(firsts)])
        self.row = np.concatenate(firsts)
        lengths = [table.lengths[rows] for table, rows in zip(self.tables, chosen, strict=True)]
        # sequences are padded to the longest of their unit
        self.lengths = np.concatenate(lengths).reshape(-1, self.per_unit).max(axis=1)

    def _sequences_per_example(self, chosen: Sequence[npt.NDArray[np.int64]]) -> int:
        """Return the number of sequences of each example.

        Raises:
            UserError: it differs between examples; names two of them.
        """
        found: dict[int, str] = {}
        for member, table, rows in zip(self.members, self.tables, chosen, strict=True):
            examples, counts = np.unique(table.column("example")[rows], return_counts=True)
            for count in np.unique(counts):
                example = examples[np.argmax(counts == count)]
                found.setdefault(int(count), f"{member.tokens}, example {example}")
        if len(found) > 1:
            listed = "; ".join(f"{count} in {where}" for count, where in found.items())
            raise UserError(
                f"{self.task}: the examples of a task must have equally many choices, but found "
                f"{listed}. Make them separate tasks, or fix the data."
            )
        return next(iter(found))

    def __len__(self) -> int:
        return len(self.row)

    def batch(self, task_step: int) -> npt.NDArray[np.int64]:
        """Return the indices of the units of the task's ``task_step``-th step, longest first."""
        epoch, position = divmod(task_step, math.ceil(len(self) / self.batch_size))
        if epoch != self._epoch:
            self._units, self._order = self._shuffled(epoch)
            self._epoch = epoch
        start = int(self._order[position]) * self.batch_size
        chosen = self._units[start : start + self.batch_size]
        return chosen[np.argsort(-self.lengths[chosen], kind="stable")]

    def _shuffled(self, epoch: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the units of an epoch as they are cut into batches, and the batches' order."""
        random = np.random.default_rng(derived_seed(self.seed, "epoch", self.task, epoch))
        shuffled = random.permutation(len(self))
        together = min(self.sorted_batches, len(self) // (4 * self.batch_size))
        if together > 1:
            units = together * self.batch_size
            for start in range(0, len(shuffled), units):
                part = shuffled[start : start + units]
                by_length = np.argsort(self.lengths[part], kind="stable")
                shuffled[start : start + units] = part[by_length]
        return shuffled, random.permutation(math.ceil(len(self) / self.batch_size))

    def sequences(self, batch: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
        """Return (index in ``tables``, row) of each sequence of a batch, unit by unit."""
        return [
            (int(self.member[index]), int(self.row[index]) + offset)
            for index in batch
            for offset in range(self.per_unit)
        ]

    def names(self, batch: npt.NDArray[np.int64]) -> Iterator[str]:
        """Yield ``LANGUAGE:EXAMPLE`` for each unit of a batch, to find it in the data set."""
        for index in batch:
            member = int(self.member[index])
            example = self.tables[member].column("example")[self.row[index]]
            yield f"{self.members[member].language}:{example}"
