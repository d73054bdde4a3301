"""Estimate of the memory of training, from the encoder's shape and the training settings.

Activations are counted term by term: the tensors that torch keeps for the backward pass of
``models.bert``. Tests compare the estimate with the peak of real training on a CPU. The counts
for a GPU differ in attention (its kernels keep no tokens x tokens matrix) and in dropout (a byte
instead of a float), and are not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from xstilts.models.families import FAMILIES
from xstilts.models.shape import EncoderShape, selected_layers

if TYPE_CHECKING:
    from xstilts.config.adapters import Lora

FLOAT = 4
"""Bytes of a weight in fp32."""
QUANTISED = {"4bit": 0.5 + 1 / 64 + 4 / (64 * 256), "8bit": 1.0}
"""Bytes of a quantised weight: NF4 has a byte per 64 weights, and a float per 256 of these."""
Device = Literal["cpu", "gpu"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AdapterShape:
    """The settings of a recipe's adapters that determine memory."""

    rank: int
    modules: str | Sequence[str]
    dropout: bool
    quantise: str | None = None

    @classmethod
    def of(cls, lora: Lora) -> AdapterShape:
        """Return the shape of a recipe's adapters."""
        return cls(
            rank=lora.rank,
            modules=lora.modules if isinstance(lora.modules, str) else tuple(lora.modules),
            dropout=lora.dropout > 0,
            quantise=lora.quantise,
        )

    def layers(self, shape: EncoderShape) -> list[tuple[int, int]]:
        """Input and output sizes of the adapted linear layers of one transformer layer."""
        sizes = shape.linear_layers
        return [sizes[name] for name in selected_layers(list(sizes), self.modules)]

    def parameters(self, shape: EncoderShape) -> int:
        """Parameters of all adapters."""
        return shape.layers * self.rank * sum(map(sum, self.layers(shape)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """The properties of a stage, and its runtime settings, that determine memory."""

    shape: EncoderShape
    max_tokens: int
    """Tokens of a micro-batch."""
    length: int
    """Tokens of the longest sequence."""
    device: Device
    """Selects whose kernels are counted."""
    checkpointing: bool = False
    """True for gradient checkpointing."""
    half: bool = False
    """True if the forward pass is in bf16; weights and moments stay in fp32."""
    mlm_probability: float = 0.0
    """Share of the tokens that masked language modelling predicts; 0 for other tasks."""
    adapters: AdapterShape | None = None
    """The adapters that are trained instead of the weights; None if all weights are trained."""
    shards: int = 1
    """Processes over which the encoder is sharded (FSDP)."""
    trained_rows: int | None = None
    """Token embeddings that are trained with vocabulary pruning; None for the whole vocabulary."""

    @property
    def trained(self) -> int:
        """Trained encoder parameters, of all shards together."""
        if self.adapters:
            return self.adapters.parameters(self.shape)
        return self.encoder.parameters

    @property
    def encoder(self) -> EncoderShape:
        """The encoder that is trained, with its vocabulary pruned if it is."""
        return (
            self.shape
            if self.trained_rows is None
            else replace(self.shape, vocabulary=self.trained_rows)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Bytes, by what they are for."""

    weights: int
    gradients: int
    moments: int
    """Both of AdamW's."""
    activations: int
    """Activations and temporary tensors of the backward pass of one micro-batch."""
    gathered: int = 0
    """With FSDP: weights and gradients that are temporarily unsharded."""

    @property
    def total(self) -> int:
        """The peak: from the second micro-batch of a step on, gradients are held as well."""
        stored = self.weights + self.gradients + self.moments
        return stored + self.gathered + self.activations


def estimate(work: Workload) -> Memory:
    """Estimate the memory of training in the worst case: all sequences have the full length.

    Where vocabulary pruning is possible but ``trained_rows`` is not known, this is an upper bound.
    """
    shape, adapters = work.encoder, work.adapters
    size = FLOAT // 2 if work.half else FLOAT
    weights = shape.parameters * FLOAT
    if adapters:
        weights = int(_frozen(shape, adapters)) + work.trained * FLOAT
    unpruned = 0
    if work.trained_rows is not None and work.device == "cpu":
        # the full matrix stays in main memory until the stage ends
        unpruned = work.shape.vocabulary * shape.embedding_width * FLOAT
    trained, gathered = work.trained * FLOAT // work.shards, 0
    if work.shards > 1:
        # embeddings and their gradient; two layers (one is prefetched) and one layer's gradient, in
        # the precision of the forward pass and again in fp32 for the sum
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
    """Return bytes kept by the forward pass of a micro-batch, plus the backward pass's peak.

    Args:
        work: the stage.
        shape: shape of the encoder that is trained.
        size: bytes of an element in the forward pass.
    """
    tokens, width = max(work.max_tokens, work.length), shape.width
    layer = _layer(shape, work.length, work.device)
    if work.adapters:
        layer += _adapter_activations(shape, work.adapters, work.device)
    kept = width * shape.layers + layer if work.checkpointing else layer * shape.layers
    # the embeddings: sum, dropout and LayerNorm
    numbers = kept + 3 * width + _temporary(shape, work.length, work.device)
    activations = int(tokens * numbers * size) + _copies(work, shape)
    # for masked language modelling: logits, their softmax, and the gradient
    activations += int(3 * work.mlm_probability * tokens * shape.vocabulary * FLOAT)
    if work.adapters:
        return activations
    # the backward pass ends with the gradient of the embeddings, materialised before it is added
    return max(activations, shape.vocabulary * shape.embedding_width * FLOAT)


def _copies(work: Workload, shape: EncoderShape) -> int:
    """Return bytes of the bf16 copies of weights that autocast keeps for the backward pass."""
    if not work.half or work.shards > 1 or (work.adapters and work.adapters.quantise):
        # shards are gathered in bf16, and quantised weights are dequantised in the backward pass
        return 0
    copies = shape.matrices * FLOAT // 2
    # autocast caches copies of trained weights until the forward pass ends; with checkpointing,
    # copies of frozen weights exist for one layer at a time
    return copies // shape.layers if work.adapters and work.checkpointing else copies


def _layer(shape: EncoderShape, length: int, device: Device) -> float:
    """Return activations per token that a layer keeps."""
    width, on_cpu = shape.width, device == "cpu"
    # input, query, key, value, attention's output, and around two LayerNorms: in, out, in
    numbers = 8.0 * width
    # input and output of the activation function; in gated layers also the gated values and the
    # product
    numbers += (4 if shape.gated else 2) * shape.inner
    if shape.dropout:
        # masks of two dropouts: floats on a CPU, bytes on a GPU
        numbers += 2 * width * (1 if on_cpu else 0.25)
        if on_cpu:
            # eager attention with dropout: softmax, dropout mask, their product
            numbers += 3 * shape.heads * length
    return numbers


def _frozen(shape: EncoderShape, adapters: AdapterShape) -> float:
    """Return bytes of the frozen weights."""
    if not adapters.quantise:
        return shape.parameters * FLOAT
    unquantised = FAMILIES[shape.family].unquantised
    layer = sum(a * b for n, (a, b) in shape.linear_layers.items() if n not in unquantised)
    quantised = shape.layers * layer
    return (shape.parameters - quantised) * FLOAT + quantised * QUANTISED[adapters.quantise]


def _adapter_activations(shape: EncoderShape, adapters: AdapterShape, device: Device) -> float:
    """Return additional (or, if negative, saved) activations per token and layer with adapters."""
    low_rank = adapters.rank * len(adapters.layers(shape))
    if not adapters.dropout:
        # adapters keep the inputs that trained weights would have kept
        return low_rank
    # each adapter's own input after dropout, and the dropout mask
    per_input = 2.0 if device == "cpu" else 1.25
    own = per_input * sum(width for width, _ in adapters.layers(shape))
    # frozen layers need not keep their inputs: of the projections, of both linear layers and,
    # where attention itself does not need it, attention's output
    freed = 2 * shape.width + shape.inner + (shape.width if device == "cpu" else 0)
    return low_rank + own - freed


def _temporary(shape: EncoderShape, length: int, device: Device) -> float:
    """Return the largest number of temporary elements per token in the backward pass."""
    linear = 2.0 * shape.inner + shape.width
    if device == "cpu" and shape.dropout:
        return max(linear, 2.0 * shape.heads * length)
    return linear
