"""The process group that trains a stage: one process, or the interface of several."""

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
"""Nested dictionaries and sequences of tensors and plain values."""


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """Sequences that go through the model in one forward pass."""

    sequences: Sequences
    part: slice
    counts: bool = True
    """False for a micro-batch without loss, which only keeps this process's collectives in step."""


class ProcessGroup:
    """A single process; subclasses for several are in ``training.distributed``."""

    rank = 0
    """Rank of this process."""
    size = 1
    """World size."""

    @property
    def is_main(self) -> bool:
        """True for the main process, which logs and writes files."""
        return self.rank == 0

    def to_device(self, make: Callable[..., StageModel], device: torch.device) -> StageModel:
        """Return the model that ``make(device=...)`` builds, sharded by groups that do so."""
        return make(device=device)

    def gather_model(self, model: StageModel, make: Callable[..., StageModel]) -> StageModel | None:
        """Return the model with full tensors on the main process; None on the others."""
        return model if self.is_main else None

    def dropout_seed(self, seed: int, step: int) -> int:
        """Return the seed of a step's dropout; no generator state is needed to resume."""
        return derived_seed(seed, "dropout", step)

    def micro_batches(self, sequences: Sequences, max_tokens: int) -> Iterator[MicroBatch]:
        """Yield this process's micro-batches of a step.

        Args:
            sequences: the sequences of the whole step, the unit with the longest first.
            max_tokens: maximum tokens of a micro-batch, padding included.
        """
        for part in micro_batches(sequences.lengths, max_tokens, sequences.per_unit):
            yield MicroBatch(sequences, part)

    def all_reduce_loss(self, loss: torch.Tensor, terms: int) -> tuple[torch.Tensor, int]:
        """Return the loss and the number of its terms, summed over all processes."""
        return loss, terms

    def all_reduce_gradients(self, gradients: Sequence[torch.Tensor]) -> torch.Tensor:
        """Sum the gradients over all processes, in place; return the norm of all of them."""
        return torch.nn.utils.get_total_norm(gradients)

    def all_reduce_stop(self, reason: str | None, due: bool) -> tuple[str | None, bool]:
        """Return a common decision: why to stop after this step, if at all, and whether to save."""
        return reason, due

    def broadcast(self, value: T) -> T:
        """Return the main process's value on all processes; its tensors stay on the main one."""
        return value

    def gather(self, state: State, *, keep: bool = False) -> State:
        """Return the state with full tensors on the main process, with None for them on the others.

        Args:
            state: the same on all processes but for the values of tensors.
            keep: copy tensors to main memory, as the next step changes them in place; several
                processes always copy.
        """
        if not keep:
            return state
        return with_tensors(state, lambda tensor: tensor.detach().to("cpu", copy=True))

    def restore(self, own: State, state: State) -> None:
        """Fill the tensors of ``own`` from a state that ``gather`` returned on the main process."""
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
    """Return this process's part of a tensor that may be sharded."""
    part: torch.Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return part


def with_tensors(state: State, change: Callable[[torch.Tensor], Any]) -> State:
    """Return the nested state with ``change`` applied to each tensor."""
    if isinstance(state, torch.Tensor):
        return change(state)
    if isinstance(state, Mapping):
        return {name: with_tensors(value, change) for name, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(with_tensors(value, change) for value in state)
    return state


def partition_units(lengths: Sequence[int], per_unit: int, size: int) -> list[list[int]]:
    """Return the units of each process: each goes to the one with the fewest tokens so far.

    Args:
        lengths: tokens of each sequence, the unit with the longest first (as in the result).
        per_unit: sequences of a unit, which must stay together.
        size: number of processes.
    """
    found: list[list[int]] = [[] for _ in range(size)]
    num_tokens = [0] * size
    for unit in range(len(lengths) // per_unit):
        least = num_tokens.index(min(num_tokens))
        found[least].append(unit)
        num_tokens[least] += sum(lengths[unit * per_unit : (unit + 1) * per_unit])
    return found
