"""How much memory training needs, from the shape of the encoder and how it is trained.

The counts are those of the tensors that torch keeps for the backward pass of ``models.roberta``,
term by term. Tests compare them with the peak of real training on a CPU; the counts for a GPU
differ in attention (its kernels keep no matrix of tokens x tokens) and in dropout (a byte instead
of a float), and are not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xstilts.models.shape import FAMILIES, EncoderShape

FLOAT = 4
"""Bytes of a weight in fp32."""
QUANTISED = {"4bit": 0.5 + 1 / 64 + 4 / (64 * 256), "8bit": 1.0}
"""Bytes of a quantised weight: NF4 has a byte per 64 weights, and a float per 256 of these."""
Device = Literal["cpu", "gpu"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AdapterShape:
    """What of a recipe's adapters decides memory."""

    rank: int
    modules: str | Sequence[str]
    dropout: bool
    quantise: str | None = None

    def layers(self, shape: EncoderShape) -> list[tuple[int, int]]:
        """Size in and out of the adapted linear layers of one transformer layer."""
        ends = None if isinstance(self.modules, str) else tuple(f".{m}" for m in self.modules)
        return [
            sizes
            for name, sizes in shape.linear_layers.items()
            if ends is None or f".{name}".endswith(ends)
        ]

    def parameters(self, shape: EncoderShape) -> int:
        """Parameters of all adapters."""
        return shape.layers * self.rank * sum(map(sum, self.layers(shape)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What of a stage, and of how it is run, decides the memory of its training."""

    shape: EncoderShape
    max_tokens: int
    """Tokens that go through the model at once."""
    length: int
    """Tokens of the longest sequence."""
    device: Device
    """Whose kernels run."""
    checkpointing: bool = False
    """Whether layers are computed again in the backward pass."""
    half: bool = False
    """Whether the forward pass is in bf16; weights and moments stay in fp32."""
    mlm_probability: float = 0.0
    """Share of the tokens that masked language modelling predicts; 0 for other tasks."""
    adapters: AdapterShape | None = None
    """What is trained in place of the weights; None for all weights."""
    shards: int = 1
    """Processes among which the encoder is sharded (FSDP)."""
    rows: int | None = None
    """Token embeddings that are trained, where the vocabulary is pruned to those in use; None for
    the whole vocabulary."""

    @property
    def trained(self) -> int:
        """Encoder parameters that are trained, those of all shards together."""
        if self.adapters:
            return self.adapters.parameters(self.shape)
        return self.encoder.parameters

    @property
    def encoder(self) -> EncoderShape:
        """The encoder that is trained: with pruned embeddings, if they are."""
        return self.shape if self.rows is None else replace(self.shape, vocabulary=self.rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Bytes of each part."""

    weights: int
    gradients: int
    moments: int
    """AdamW's two."""
    activations: int
    """Kept for the backward pass of one pass, with its temporary tensors."""
    gathered: int = 0
    """Weights and gradients that are whole for a while, where each process has a part of all."""

    @property
    def total(self) -> int:
        """All of it at once: from the second pass of a step on, gradients are there as well."""
        stored = self.weights + self.gradients + self.moments
        return stored + self.gathered + self.activations


def estimate(work: Workload) -> Memory:
    """Memory of training, in the worst case: every sequence of a pass has the full length.

    Where vocabulary pruning is possible but ``rows`` is not known, this is a bound.
    """
    shape, adapters = work.encoder, work.adapters
    size = FLOAT // 2 if work.half else FLOAT
    weights = shape.parameters * FLOAT
    if adapters:
        weights = int(_frozen(shape, adapters)) + work.trained * FLOAT
    unpruned = 0
    if work.rows is not None and work.device == "cpu":
        # all rows lie in main memory until the stage ends
        unpruned = work.shape.vocabulary * shape.width * FLOAT
    trained, gathered = work.trained * FLOAT // work.shards, 0
    if work.shards > 1:
        # embeddings and their gradient; two layers (the next is on its way) and a layer's gradient,
        # in the arithmetic of the forward pass and once more in fp32 to be summed
        layer_bytes = shape.layer_parameters * size
        gathered = (
            2 * shape.outside_layers * FLOAT + 3 * layer_bytes + shape.layer_parameters * FLOAT
        )
    return Memory(
        weights=weights // work.shards + unpruned,
        gradients=trained,
        moments=2 * trained,
        activations=_activations(work, shape, size),
        gathered=gathered,
    )


def _activations(work: Workload, shape: EncoderShape, size: int) -> int:
    """Bytes that one pass keeps for its backward pass, and that this pass takes for a moment.

    Args:
        work: the stage.
        shape: of the encoder that is trained.
        size: bytes of a number in the forward pass.
    """
    tokens, width = max(work.max_tokens, work.length), shape.width
    layer = _layer(shape, work.length, work.device)
    if work.adapters:
        layer += _beside(shape, work.adapters, work.device)
    kept = width * shape.layers + layer if work.checkpointing else layer * shape.layers
    # the embeddings: sum, dropout and LayerNorm
    numbers = kept + 3 * width + _temporary(shape, work.length, work.device)
    activations = int(tokens * numbers * size) + _copies(work, shape)
    # its logits, their softmax, and the gradient
    activations += int(3 * work.mlm_probability * tokens * shape.vocabulary * FLOAT)
    if work.adapters:
        return activations
    # the last of the backward pass is the gradient of the embeddings, whole before it is added
    return max(activations, shape.vocabulary * width * FLOAT)


def _copies(work: Workload, shape: EncoderShape) -> int:
    """Bytes of the weights that autocast copies to bf16 and keeps for the backward pass."""
    if not work.half or work.shards > 1 or (work.adapters and work.adapters.quantise):
        # shards travel in bf16, and quantised weights are expanded again in the backward pass
        return 0
    copies = shape.matrices * FLOAT // 2
    # autocast caches the copies of trained weights until the forward pass ends; of frozen ones
    # there is a layer's at a time where layers are computed again
    return copies // shape.layers if work.adapters and work.checkpointing else copies


def _layer(shape: EncoderShape, length: int, device: Device) -> float:
    """Numbers that a layer keeps per token."""
    width, on_cpu = shape.width, device == "cpu"
    # input, query, key, value, what attention gives, and around two LayerNorms: in, out, in
    numbers = 8.0 * width
    # before and after the activation between the linear layers; where one is a gate, also what
    # it opens and their product
    numbers += (4 if shape.gated else 2) * shape.inner
    if shape.dropout:
        # what two dropouts keep: floats on a CPU, bytes on a GPU
        numbers += 2 * width * (1 if on_cpu else 0.25)
        if on_cpu:
            # attention with dropout runs in parts: softmax, what dropout keeps, their product
            numbers += 3 * shape.heads * length
    return numbers


def _frozen(shape: EncoderShape, adapters: AdapterShape) -> float:
    """Bytes of the weights that are not trained."""
    if not adapters.quantise:
        return shape.parameters * FLOAT
    unquantised = FAMILIES[shape.family].unquantised
    layer = sum(a * b for n, (a, b) in shape.linear_layers.items() if n not in unquantised)
    quantised = shape.layers * layer
    return (shape.parameters - quantised) * FLOAT + quantised * QUANTISED[adapters.quantise]


def _beside(shape: EncoderShape, adapters: AdapterShape, device: Device) -> float:
    """Numbers per token that a layer keeps more (or fewer) with adapters."""
    low_rank = adapters.rank * len(adapters.layers(shape))
    if not adapters.dropout:
        # adapters keep the inputs that trained weights would have kept
        return low_rank
    # each adapter's own input after dropout, and what dropout keeps
    per_input = 2.0 if device == "cpu" else 1.25
    own = per_input * sum(width for width, _ in adapters.layers(shape))
    # frozen weights need no input: that of the projections, of both linear layers, and, where
    # attention itself does not need it, what attention gives
    freed = 2 * shape.width + shape.inner + (shape.width if device == "cpu" else 0)
    return low_rank + own - freed


def _temporary(shape: EncoderShape, length: int, device: Device) -> float:
    """Numbers per token that the backward pass holds for a moment, at its widest place."""
    linear = 2.0 * shape.inner + shape.width
    if device == "cpu" and shape.dropout:
        return max(linear, 2.0 * shape.heads * length)
    return linear
