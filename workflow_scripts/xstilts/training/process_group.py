"""Who trains a stage: one process, or several that share each step's batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from xstilts.tokens.batches import Sequences, micro_batches
from xstilts.training.mixture import derived_seed

if TYPE_CHECKING:
    from xstilts.training.setup import StageModel

T = TypeVar("T")
State = Any
"""Dictionaries and sequences around tensors."""


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """Sequences that go through the model at once."""

    sequences: Sequences
    part: slice
    counts: bool = True
    """Whether the loss counts; a pass that does not keeps a process in step with the others."""


class ProcessGroup:
    """One process by itself. Several (``training.parallel``) do the same together."""

    rank = 0
    """Which of the processes this is."""
    size = 1
    """How many train the stage."""

    @property
    def is_main(self) -> bool:
        """Whether this is the process that logs and writes."""
        return self.rank == 0

    def to_device(self, make: Callable[..., StageModel], device: torch.device) -> StageModel:
        """The stage that ``make(device=...)`` builds, where this team trains it."""
        return make(device=device)

    def gather_model(self, stage: StageModel, make: Callable[..., StageModel]) -> StageModel | None:
        """The stage with whole tensors, for the first process; None for the others."""
        return stage if self.is_main else None

    def dropout_seed(self, seed: int, step: int) -> int:
        """Seed of a step's dropout: of the step alone, so that resuming needs no generator."""
        return derived_seed(seed, "dropout", step)

    def micro_batches(self, sequences: Sequences, max_tokens: int) -> Iterator[MicroBatch]:
        """This process's micro-batches of a step.

        Args:
            sequences: those of the whole step, the unit with the longest first.
            max_tokens: tokens, padding included, that go through the model at once.
        """
        for part in micro_batches(sequences.lengths, max_tokens, sequences.per_unit):
            yield MicroBatch(sequences, part)

    def all_reduce_loss(self, loss: torch.Tensor, terms: int) -> tuple[torch.Tensor, int]:
        """Sums over all processes of the loss and of the number of its terms."""
        return loss, terms

    def all_reduce_gradients(self, gradients: Sequence[torch.Tensor]) -> torch.Tensor:
        """Sum the gradients over all processes, in place; returns the norm of all of them."""
        return torch.nn.utils.get_total_norm(gradients)

    def all_reduce_stop(self, reason: str | None, due: bool) -> tuple[str | None, bool]:
        """One answer for all processes: why to stop after this step, and whether to save."""
        return reason, due

    def broadcast(self, value: T) -> T:
        """The first process's value, for all; its tensors stay with the first."""
        return value

    def gather(self, state: State, *, keep: bool = False) -> State:
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


SINGLE_PROCESS = ProcessGroup()


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


def partition_units(lengths: Sequence[int], per_unit: int, size: int) -> list[list[int]]:
    """Units of each process: each goes to the one that has the fewest tokens so far.

    Args:
        lengths: tokens of each sequence, the unit with the longest first; so is each share.
        per_unit: sequences that must stay together.
        size: number of processes.
    """
    found: list[list[int]] = [[] for _ in range(size)]
    num_tokens = [0] * size
    for unit in range(len(lengths) // per_unit):
        least = num_tokens.index(min(num_tokens))
        found[least].append(unit)
        num_tokens[least] += sum(lengths[unit * per_unit : (unit + 1) * per_unit])
    return found
