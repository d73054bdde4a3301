"""Who trains a stage: one process, or several that share each step's batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from xstilts.tokens.batches import Sequences, passes
from xstilts.training.mixture import derived_seed

if TYPE_CHECKING:
    from xstilts.training.setup import Stage

T = TypeVar("T")
State = Any
"""Dictionaries and sequences around tensors."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Sequences that go through the model at once."""

    sequences: Sequences
    part: slice
    counts: bool = True
    """Whether the loss counts; a pass that does not keeps a process in step with the others."""


class Team:
    """One process by itself. Several (``training.parallel``) do the same together."""

    rank = 0
    """Which of the processes this is."""
    size = 1
    """How many train the stage."""

    @property
    def first(self) -> bool:
        """Whether this is the process that logs and writes."""
        return self.rank == 0

    def place(self, make: Callable[..., Stage], device: torch.device) -> Stage:
        """The stage that ``make(device=...)`` builds, where this team trains it."""
        return make(device=device)

    def whole(self, stage: Stage, make: Callable[..., Stage]) -> Stage | None:
        """The stage with whole tensors, for the first process; None for the others."""
        return stage if self.first else None

    def dropout_seed(self, seed: int, step: int) -> int:
        """Seed of a step's dropout: of the step alone, so that resuming needs no generator."""
        return derived_seed(seed, "dropout", step)

    def passes(self, sequences: Sequences, tokens_per_pass: int) -> Iterator[Pass]:
        """This process's passes of a step.

        Args:
            sequences: those of the whole step, the unit with the longest first.
            tokens_per_pass: pieces, padding included, that go through the model at once.
        """
        for part in passes(sequences.lengths, tokens_per_pass, sequences.per_unit):
            yield Pass(sequences, part)

    def total(self, loss: torch.Tensor, terms: int) -> tuple[torch.Tensor, int]:
        """Sums over all processes of the loss and of the number of its terms."""
        return loss, terms

    def reduce(self, gradients: Sequence[torch.Tensor]) -> torch.Tensor:
        """Sum the gradients over all processes, in place; returns the norm of all of them."""
        return torch.nn.utils.get_total_norm(gradients)

    def agree(self, reason: str | None, due: bool) -> tuple[str | None, bool]:
        """One answer for all processes: why to stop after this step, and whether to save."""
        return reason, due

    def tell(self, value: T) -> T:
        """The first process's value, for all; its tensors stay with the first."""
        return value

    def collect(self, state: State, *, keep: bool = False) -> State:
        """Whole tensors in place of what the processes hold of them; for the first process.

        The others get None in place of each tensor.

        Args:
            state: the same on all processes but for the values.
            keep: copy to main memory what the next step would change; several processes always do.
        """
        if not keep:
            return state
        return with_tensors(state, lambda tensor: tensor.detach().to("cpu", copy=True))

    def restore(self, own: State, state: State) -> None:
        """Fill the tensors of ``own`` with those that ``collect`` gave the first process."""
        if isinstance(own, Mapping):
            for name, part in own.items():
                self.restore(part, state[name])
        elif isinstance(own, list | tuple):
            for part, value in zip(own, state, strict=True):
                self.restore(part, value)
        elif isinstance(own, torch.Tensor):
            self._fill(own, state)

    @torch.no_grad()
    def _fill(self, own: torch.Tensor, value: torch.Tensor) -> None:
        own.copy_(value)


ALONE = Team()


def local(tensor: torch.Tensor) -> torch.Tensor:
    """What this process holds of a tensor that may be shared out."""
    part: torch.Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return part


def with_tensors(state: State, change: Callable[[torch.Tensor], Any]) -> State:
    """The same nested state with each tensor changed."""
    if isinstance(state, torch.Tensor):
        return change(state)
    if isinstance(state, Mapping):
        return {name: with_tensors(value, change) for name, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(with_tensors(value, change) for value in state)
    return state


def shares(lengths: Sequence[int], per_unit: int, size: int) -> list[list[int]]:
    """Units of each process: each goes to the one that has the fewest pieces so far.

    Args:
        lengths: pieces of each sequence, the unit with the longest first; so is each share.
        per_unit: sequences that must stay together.
        size: number of processes.
    """
    found: list[list[int]] = [[] for _ in range(size)]
    pieces = [0] * size
    for unit in range(len(lengths) // per_unit):
        least = pieces.index(min(pieces))
        found[least].append(unit)
        pieces[least] += sum(lengths[unit * per_unit : (unit + 1) * per_unit])
    return found
