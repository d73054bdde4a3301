"""Process groups of several processes: data parallelism (DDP) and sharded weights (FSDP2).

Collectives and sharding are torch's. accelerate is not used: it wraps models for a loop of its own,
and it would shard the embeddings separately, so that they would be freed before the head of masked
language modelling uses them.

Up to the order of their terms, the gradients of each step are the sums that a single process
computes. The order is fixed, so that an interrupted stage resumes to bit-identical weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import torch
import torch.distributed as dist

from xstilts.device import count_devices, process_device
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
CPU = torch.device("cpu")
BUCKET = 1 << 24
"""Elements per all-reduce: large enough for few calls, small enough for the flat copy."""
TIMEOUT = timedelta(hours=2)
"""Time that a process waits for the others, one of which may be writing a large state. The
launcher notices processes that have died."""
STOP_REASONS = (None, "stop_after", "SIGINT", "SIGTERM", "SIGUSR1")
"""By increasing priority."""


def join(
    mode: Literal["ddp", "fsdp"], rank: int, size: int, rendezvous: str, precision: str
) -> tuple[ProcessGroup, torch.device]:
    """Join the process group; return it and the device of this process.

    Blocks until all processes have joined.

    Args:
        mode: ``ddp`` for replicas of the model, ``fsdp`` for sharded weights.
        rank: rank of this process.
        size: world size.
        rendezvous: path of a file that does not exist yet, by which the processes find each other.
        precision: precision of the recipe.

    Raises:
        UserError: the machine has GPUs, but fewer than processes.
    """
    gpus = count_devices()
    if 0 < gpus < size:
        raise UserError(
            f"parallel.processes: {size}, but only {gpus} GPU(s) are visible, and each process "
            f"needs one. Request {size} (resource gpu), or lower processes."
        )
    device, backend = process_device(rank), "gloo"
    if gpus:
        # small CPU messages need not wait for the GPUs
        backend = f"cpu:gloo,{device.type}:{dist.get_default_backend_for_device(device)}"
    dist.init_process_group(
        backend, init_method=f"file://{rendezvous}", rank=rank, world_size=size, timeout=TIMEOUT
    )
    if mode == "ddp":
        return DataParallel(rank, size), device
    return FullyShardedDataParallel(rank, size, precision), device


class DataParallel(ProcessGroup):
    """Each process has a replica of the model and a part of each batch.

    torch's DistributedDataParallel is not used, for two reasons. It expects every step to use the
    same parameters, while the tasks of a stage use different heads. And it changes the order of
    its sums after the first step, so that a resumed stage would not be bit-identical.
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size

    def dropout_seed(self, seed: int, step: int) -> int:
        """Return a seed that differs between steps and between processes."""
        return derived_seed(seed, "dropout", step, self.rank)

    def micro_batches(self, sequences: Sequences, max_tokens: int) -> Iterator[MicroBatch]:
        """Yield the micro-batches of this process's units.

        All processes yield the same number, since collectives must match (FSDP gathers weights in
        each micro-batch). A process with fewer repeats the shortest unit with ``counts=False``.
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
        """Return the sums over all processes."""
        both = torch.stack([loss.double(), loss.new_tensor(terms, dtype=torch.float64)])
        dist.all_reduce(both)
        return both[0].to(loss.dtype), int(both[1])

    def all_reduce_gradients(self, gradients: Sequence[torch.Tensor]) -> torch.Tensor:
        """Sum the gradients over all processes, in place; return their norm."""
        start = size = 0
        for end, gradient in enumerate(gradients, 1):
            size += gradient.numel()
            if size >= BUCKET or end == len(gradients):
                _sum_in_place(gradients[start:end])
                start, size = end, 0
        return super().all_reduce_gradients(gradients)

    def all_reduce_stop(self, reason: str | None, due: bool) -> tuple[str | None, bool]:
        """Return the strongest reason to stop of any process, and whether any is due to save."""
        found = torch.tensor([STOP_REASONS.index(reason), int(due)])
        dist.all_reduce(found, dist.ReduceOp.MAX)
        return STOP_REASONS[int(found[0])], bool(found[1])

    def broadcast(self, value: T) -> T:
        """Return the main process's value; the other processes get None for its tensors."""
        values = [with_tensors(value, lambda _: None) if self.is_main else None]
        dist.broadcast_object_list(values, device=CPU)
        return value if self.is_main else values[0]  # type: ignore[return-value]

    def gather(self, state: State, *, keep: bool = False) -> State:
        """Return full tensors in main memory on the main process, None on the others."""
        copies: dict[int, torch.Tensor] = {}

        def gathered(tensor: torch.Tensor) -> torch.Tensor | None:
            full = self._full_tensor(tensor.detach())
            if not self.is_main:
                return None
            # a tensor with two names (tied weights) stays one tensor
            return copies.setdefault(local(tensor).data_ptr(), full.to("cpu", copy=True))

        return with_tensors(state, gathered)

    def _full_tensor(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    @torch.no_grad()
    def _fill(self, own: torch.Tensor, value: torch.Tensor | None) -> None:
        if value is not None:
            own.copy_(value)
        dist.broadcast(own, 0)


class FullyShardedDataParallel(DataParallel):
    """Each process holds a shard of the encoder's matrices, gradients and moments (FSDP2).

    A layer is unsharded only while it is computed. Embeddings and all else outside the layers stay
    unsharded from the forward to the backward pass, since heads use the embeddings too.
    """

    def __init__(self, rank: int, size: int, precision: str) -> None:
        super().__init__(rank, size)
        self.precision = precision

    def to_device(self, make: Callable[..., StageModel], device: torch.device) -> StageModel:
        """Build the model and shard its encoder.

        The processes do so in turn, so that main memory holds one full model at a time.
        """
        from torch.distributed.device_mesh import init_device_mesh

        mesh = init_device_mesh(device.type, (self.size,))
        made: list[StageModel] = []
        for turn in range(self.size):
            if turn == self.rank:
                model = make(device=CPU)
                self._shard(model.encoder, mesh, device)
                for head in model.heads.values():
                    head.to(device)
                made.append(model)
            # a barrier on CPU tensors: on the GPU it would need all GPUs to be ready
            dist.all_reduce(torch.zeros(1))
        return made[0]

    def gather_model(self, model: StageModel, make: Callable[..., StageModel]) -> StageModel | None:
        """Return an unsharded copy in the main process's memory; None on the others."""
        weights = self.gather(_state_dicts(model))
        if not self.is_main:
            return None
        full = make(device=CPU)
        ProcessGroup().restore(_state_dicts(full), weights)
        return full

    def _shard(self, encoder: Any, mesh: Any, device: torch.device) -> None:
        from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard

        policy = MixedPrecisionPolicy()
        if self.precision == "bf16":
            # As in one process, autocast decides which operations run in bf16. Gathering matrices
            # in bf16 saves the copies that autocast would keep of them for the backward pass.
            policy = MixedPrecisionPolicy(
                param_dtype=torch.bfloat16, reduce_dtype=torch.float32, cast_forward_inputs=False
            )
        # Biases and norms are replicated, as the heads are: they are small, and norms stay in fp32.
        vectors = {parameter for parameter in encoder.parameters() if parameter.ndim < 2}
        for parameter in vectors:
            parameter.data = parameter.data.to(device)
        for layer in layers_of(encoder):
            fully_shard(layer, mesh=mesh, mp_policy=policy, ignored_params=vectors)
        fully_shard(encoder, mesh=mesh, reshard_after_forward=False, ignored_params=vectors)
        for module in encoder.modules():
            if isinstance(module, FSDPModule):
                # sums, not means: the loop divides by the number of terms of the whole batch
                module.set_gradient_divide_factor(1.0)
                module.set_force_sum_reduction_for_comms(True)

    def all_reduce_gradients(self, gradients: Sequence[torch.Tensor]) -> torch.Tensor:
        """Sum the gradients of replicated weights (FSDP has summed the others); return the norm."""
        replicated = [gradient for gradient in gradients if not hasattr(gradient, "to_local")]
        shards = [local(gradient) for gradient in gradients if hasattr(gradient, "to_local")]
        squares = torch.nn.utils.get_total_norm(shards).square()
        dist.all_reduce(squares)
        return (squares + super().all_reduce_gradients(replicated).square()).sqrt()

    def _full_tensor(self, tensor: torch.Tensor) -> torch.Tensor:
        full: torch.Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
        return full

    @torch.no_grad()
    def _fill(self, own: Any, value: torch.Tensor | None) -> None:
        if not hasattr(own, "to_local"):
            super()._fill(own, value)
            return
        from torch.distributed.tensor import distribute_tensor

        device = local(own).device
        empty = torch.empty(own.shape, dtype=own.dtype, device=device)
        full = empty if value is None else value.to(device)
        local(own).copy_(local(distribute_tensor(full, own.device_mesh, own.placements)))


def _state_dicts(model: StageModel) -> State:
    """Return the state dict of each module, frozen weights included."""
    return [module.state_dict() for module in model.modules()]


def _sum_in_place(gradients: Sequence[torch.Tensor]) -> None:
    """Sum tensors over all processes in one all-reduce."""
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    sizes = [gradient.numel() for gradient in gradients]
    for gradient, part in zip(gradients, flat.split(sizes), strict=True):
        gradient.copy_(part.view_as(gradient))
