"""Several processes that train a stage together: copies of the model, or one in shards.

accelerate finds the device of each process and carries objects between them; gradients and shards
are torch's. Its ``prepare`` is not used: it wraps models for its own loop, and it would make the
embeddings a shard of their own, gone when the head of masked language modelling needs them.

Each step's gradients are the same sums as those of one process but for the order of their terms,
and that order is fixed, so that a stage that is stopped goes on to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import torch
import torch.distributed as dist
from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from xstilts.errors import UserError
from xstilts.models.layers import layers_of
from xstilts.tokens.batches import Sequences, micro_batches, select
from xstilts.training.mixture import derived_seed
from xstilts.training.process_group import (
    MicroBatch,
    ProcessGroup,
    State,
    local,
    partition_units,
    with_tensors,
)

if TYPE_CHECKING:
    from xstilts.training.setup import StageModel

T = TypeVar("T")
BUCKET = 1 << 24
"""Numbers that are summed over the processes at once: few calls, little memory for the copy."""
PATIENCE = timedelta(hours=2)
"""How long a process waits for another, which may be writing a large state. That one has died is
seen by the process that started them all."""
REASONS = (None, "stop_after", "SIGINT", "SIGTERM", "SIGUSR1")


def join(
    mode: Literal["ddp", "fsdp"], rank: int, size: int, rendezvous: str, precision: str
) -> tuple[ProcessGroup, torch.device]:
    """The team of this process, once all have come, and the device of this process.

    Args:
        mode: copies of the model, or one in shards.
        rank: number of this process.
        size: number of all.
        rendezvous: path of a file that does not exist yet, by which they find each other.
        precision: of the recipe.

    Raises:
        UserError: the machine has GPUs, but fewer than processes.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if 0 < gpus < size:
        raise UserError(
            f"parallel.processes: {size}, but this machine shows {gpus} GPU(s), and each process "
            f"needs one. Ask for {size} (resource gpu), or lower processes."
        )
    backend = "gloo"
    if gpus:
        torch.cuda.set_device(rank)
        # small messages between the processors need not wait for the GPUs
        backend = "cpu:gloo,cuda:nccl"
    dist.init_process_group(
        backend, init_method=f"file://{rendezvous}", rank=rank, world_size=size, timeout=PATIENCE
    )
    device = PartialState(cpu=not gpus).device
    if mode == "ddp":
        return DataParallel(rank, size), device
    return FullyShardedDataParallel(rank, size, precision), device


class DataParallel(ProcessGroup):
    """Each process has the whole model and a share of each batch (DDP).

    torch's DistributedDataParallel is not used: it needs a fixed set of used parameters, while a
    stage's tasks use different heads, and the order of its sums changes after the first step, so
    that a stage that goes on would end in other bits.
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size

    def dropout_seed(self, seed: int, step: int) -> int:
        """Another one for each process."""
        return derived_seed(seed, "dropout", step, self.rank)

    def micro_batches(self, sequences: Sequences, max_tokens: int) -> Iterator[MicroBatch]:
        """Passes of this process's share; as many in all processes, for they wait for another.

        One that has fewer goes through the shortest unit again, without counting it.
        """
        unit, lengths = sequences.per_unit, sequences.lengths
        found = partition_units(lengths, unit, self.size)
        counts = []
        for share in found:
            own = [lengths[i * unit + k] for i in share for k in range(unit)]
            counts.append(len(list(micro_batches(own, max_tokens, unit))))
        mine = select(sequences, found[self.rank])
        for part in micro_batches(mine.lengths, max_tokens, unit):
            yield MicroBatch(mine, part)
        shortest = select(sequences, [len(lengths) // unit - 1])
        for _ in range(max(counts) - counts[self.rank]):
            yield MicroBatch(shortest, slice(None), counts=False)

    def all_reduce_loss(self, loss: torch.Tensor, terms: int) -> tuple[torch.Tensor, int]:
        """Sums over all processes."""
        both = torch.stack([loss.double(), loss.new_tensor(terms, dtype=torch.float64)])
        dist.all_reduce(both)
        return both[0].to(loss.dtype), int(both[1])

    def all_reduce_gradients(self, gradients: Sequence[torch.Tensor]) -> torch.Tensor:
        """Sum the gradients over all processes, in place; returns their norm."""
        start = size = 0
        for end, gradient in enumerate(gradients, 1):
            size += gradient.numel()
            if size >= BUCKET or end == len(gradients):
                _sum_in_place(gradients[start:end])
                start, size = end, 0
        return super().all_reduce_gradients(gradients)

    def all_reduce_stop(self, reason: str | None, due: bool) -> tuple[str | None, bool]:
        """The strongest reason to stop that any process has; saving when it is due for any."""
        found = torch.tensor([REASONS.index(reason), int(due)])
        dist.all_reduce(found, dist.ReduceOp.MAX)
        return REASONS[int(found[0])], bool(found[1])

    def broadcast(self, value: T) -> T:
        """The first process's value, for all; the others get None for its tensors."""
        told = [with_tensors(value, lambda _: None) if self.is_main else None]
        broadcast_object_list(told)
        return value if self.is_main else told[0]  # type: ignore[return-value]

    def gather(self, state: State, *, keep: bool = False) -> State:
        """Whole tensors in main memory for the first process, None for the others."""
        whole: dict[int, torch.Tensor] = {}

        def collected(tensor: torch.Tensor) -> torch.Tensor | None:
            full = self._whole(tensor.detach())
            if not self.is_main:
                return None
            # what stands under two names stays one tensor
            return whole.setdefault(local(tensor).data_ptr(), full.to("cpu", copy=True))

        return with_tensors(state, collected)

    def _whole(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    @torch.no_grad()
    def _fill(self, own: torch.Tensor, value: torch.Tensor | None) -> None:
        if value is not None:
            own.copy_(value)
        dist.broadcast(own, 0)


class FullyShardedDataParallel(DataParallel):
    """Each process holds a part of the encoder's matrices, gradients and moments (FSDP2).

    A layer is whole only while it is computed; embeddings and what stands outside of the layers,
    from the forward to the backward pass, since heads use the embeddings too.
    """

    def __init__(self, rank: int, size: int, precision: str) -> None:
        super().__init__(rank, size)
        self.precision = precision

    def to_device(self, make: Callable[..., StageModel], device: torch.device) -> StageModel:
        """The stage with its encoder in shards.

        The processes build it in turn, so that main memory holds one whole model at a time.
        """
        from torch.distributed.device_mesh import init_device_mesh

        mesh = init_device_mesh(device.type, (self.size,))
        made: list[StageModel] = []
        for turn in range(self.size):
            if turn == self.rank:
                stage = make(device=torch.device("cpu"))
                self._shard(stage.encoder, mesh, device)
                for head in stage.heads.values():
                    head.to(device)
                made.append(stage)
            # on the processors: a GPU's barrier would need all GPUs to be ready
            dist.all_reduce(torch.zeros(1))
        return made[0]

    def gather_model(self, stage: StageModel, make: Callable[..., StageModel]) -> StageModel | None:
        """A stage of its own with the weights of all processes, in the first one's main memory."""
        weights = self.gather(_every(stage))
        if not self.is_main:
            return None
        made = make(device=torch.device("cpu"))
        ProcessGroup().restore(_every(made), weights)
        return made

    def _shard(self, encoder: Any, mesh: Any, device: torch.device) -> None:
        from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard

        policy = MixedPrecisionPolicy()
        if self.precision == "bf16":
            # Autocast decides what is computed in bf16, as in one process; matrices only travel
            # so. Left to autocast alone, a copy of each would be kept for the backward pass.
            policy = MixedPrecisionPolicy(
                param_dtype=torch.bfloat16, reduce_dtype=torch.float32, cast_forward_inputs=False
            )
        # Biases and norms are copies, as the heads are: they are small, and norms stay in fp32.
        vectors = {parameter for parameter in encoder.parameters() if parameter.ndim < 2}
        for parameter in vectors:
            parameter.data = parameter.data.to(device)
        for layer in layers_of(encoder):
            fully_shard(layer, mesh=mesh, mp_policy=policy, ignored_params=vectors)
        fully_shard(encoder, mesh=mesh, reshard_after_forward=False, ignored_params=vectors)
        for module in encoder.modules():
            if isinstance(module, FSDPModule):
                # sums, not means: the loop divides by the terms of the whole batch
                module.set_gradient_divide_factor(1.0)
                module.set_force_sum_reduction_for_comms(True)

    def all_reduce_gradients(self, gradients: Sequence[torch.Tensor]) -> torch.Tensor:
        """Sum the gradients of what are copies (shards' are); returns the norm of all of them."""
        copies = [gradient for gradient in gradients if not hasattr(gradient, "to_local")]
        parts = [local(gradient) for gradient in gradients if hasattr(gradient, "to_local")]
        squares = torch.nn.utils.get_total_norm(parts).square()
        dist.all_reduce(squares)
        return (squares + super().all_reduce_gradients(copies).square()).sqrt()

    def _whole(self, tensor: torch.Tensor) -> torch.Tensor:
        whole: torch.Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
        return whole

    @torch.no_grad()
    def _fill(self, own: Any, value: torch.Tensor | None) -> None:
        if not hasattr(own, "to_local"):
            super()._fill(own, value)
            return
        from torch.distributed.tensor import distribute_tensor

        device = local(own).device
        empty = torch.empty(own.shape, dtype=own.dtype, device=device)
        whole = empty if value is None else value.to(device)
        local(own).copy_(local(distribute_tensor(whole, own.device_mesh, own.placements)))


def _every(stage: StageModel) -> State:
    """All weights of a stage, the frozen ones too, by reference."""
    return [module.state_dict() for module in stage.modules()]


def _sum_in_place(gradients: Sequence[torch.Tensor]) -> None:
    """Sum tensors over all processes in one call."""
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    sizes = [gradient.numel() for gradient in gradients]
    for gradient, part in zip(gradients, flat.split(sizes), strict=True):
        gradient.copy_(part.view_as(gradient))
