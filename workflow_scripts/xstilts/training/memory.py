"""How much memory training needs, from the shape of the encoder and the size of a pass.

The counts are those of the tensors that torch keeps for the backward pass of ``models.roberta``,
term by term. Tests compare them with the peak of real training on a CPU; the counts for a GPU
differ in attention (its kernels keep no matrix of pieces x pieces) and in dropout (a byte instead
of a float), and are not measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xstilts.config.bases import Pretrain

FLOAT = 4
QUANTISED = {"4bit": 0.5 + 1 / 64 + 4 / (64 * 256), "8bit": 1.0}
"""Bytes of a quantised weight: NF4 has a byte per 64 weights, and a float per 256 of these."""
Device = Literal["cpu", "gpu"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What of an encoder decides its memory."""

    width: int
    layers: int
    heads: int
    inner: int
    """Width between the two linear layers of a layer."""
    vocabulary: int
    positions: int
    dropout: bool = True

    @classmethod
    def of_config(cls, config: Mapping[str, Any]) -> Shape:
        """From a ``config.json``, by XLM-R's names."""
        return cls(
            width=config["hidden_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            inner=config["intermediate_size"],
            vocabulary=config["vocab_size"],
            positions=config["max_position_embeddings"],
            dropout=bool(config.get("hidden_dropout_prob", 0.1)),
        )

    @classmethod
    def of_pretraining(cls, settings: Pretrain) -> Self:
        """Of an encoder that the study builds."""
        built = settings.architecture
        return cls(
            width=built.hidden_size,
            layers=built.num_layers,
            heads=built.num_heads,
            inner=built.intermediate_size,
            vocabulary=settings.vocab_size,
            positions=built.max_length + 2,
            dropout=built.dropout > 0,
        )

    @property
    def parameters(self) -> int:
        """Numbers of the encoder."""
        return self.embeddings + self.layers * self.of_a_layer

    @property
    def embeddings(self) -> int:
        """Numbers outside of the layers."""
        return (self.vocabulary + self.positions + 3) * self.width

    @property
    def of_a_layer(self) -> int:
        """Numbers of one layer."""
        width, inner = self.width, self.inner
        attention = 4 * width * (width + 1)
        return attention + 2 * width * inner + inner + width + 4 * width

    @property
    def linear_layers(self) -> dict[str, tuple[int, int]]:
        """Width in and out of each linear layer of a layer, by XLM-R's names."""
        width, inner = self.width, self.inner
        square = {f"attention.self.{name}": (width, width) for name in ("query", "key", "value")}
        return {
            **square,
            "attention.output.dense": (width, width),
            "intermediate.dense": (width, inner),
            "output.dense": (inner, width),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapters:
    """What of a recipe's adapters decides memory."""

    rank: int
    modules: str | Sequence[str]
    dropout: bool
    quantise: str | None = None

    def layers(self, shape: Shape) -> list[tuple[int, int]]:
        """Width in and out of the adapted linear layers of a layer."""
        ends = None if isinstance(self.modules, str) else tuple(f".{m}" for m in self.modules)
        return [
            sizes
            for name, sizes in shape.linear_layers.items()
            if ends is None or f".{name}".endswith(ends)
        ]

    def parameters(self, shape: Shape) -> int:
        """Numbers of all adapters."""
        return shape.layers * self.rank * sum(map(sum, self.layers(shape)))


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


def estimate(
    shape: Shape,
    *,
    tokens_per_pass: int,
    length: int,
    device: Device,
    checkpointing: bool = False,
    half: bool = False,
    mlm_probability: float = 0.0,
    adapters: Adapters | None = None,
    shards: int = 1,
    rows: int | None = None,
) -> Memory:
    """Memory of training, in the worst case: every sequence of a pass has the full length.

    Args:
        shape: of the encoder.
        tokens_per_pass: pieces that go through the model at once.
        length: pieces of the longest sequence.
        device: whose kernels run.
        checkpointing: layers are computed again in the backward pass.
        half: the forward pass is in bf16; weights and moments stay in fp32.
        mlm_probability: share of the pieces that masked language modelling hides; 0 for others.
        adapters: what is trained in place of the weights; None for all weights.
        shards: processes that the encoder is shared out to (FSDP).
        rows: piece embeddings that are trained (``training.vocabulary``); all of them if that is
            not known, which is a bound.
    """
    aside = 0
    if rows is not None:
        # in main memory, and no more than the pages of a file until the stage ends
        aside = shape.vocabulary * shape.width * FLOAT if device == "cpu" else 0
        shape = replace(shape, vocabulary=rows)
    pieces = max(tokens_per_pass, length)
    size = FLOAT // 2 if half else FLOAT
    layer = _layer(shape, length, device)
    if adapters:
        layer += _beside(shape, adapters, device)
    hidden = shape.width
    kept = hidden * shape.layers + layer if checkpointing else layer * shape.layers
    # the embeddings: sum, dropout and LayerNorm
    numbers = kept + 3 * hidden + _temporary(shape, length, device)
    activations = int(pieces * numbers * size)
    # its logits, their softmax, and the gradient
    activations += int(3 * mlm_probability * pieces * shape.vocabulary * FLOAT)
    weights = shape.parameters * FLOAT
    trained = weights
    if adapters:
        trained = adapters.parameters(shape) * FLOAT
        weights = int(_frozen(shape, adapters)) + trained
    else:
        # the last of the backward pass is the gradient of the embeddings, whole before it is added
        activations = max(activations, shape.vocabulary * hidden * FLOAT)
    trained, gathered = trained // shards, 0
    if shards > 1:
        # embeddings and their gradient; two layers (the next is on its way) and a layer's gradient,
        # in the arithmetic of the forward pass and once more in fp32 to be summed
        layer_bytes = shape.of_a_layer * size
        gathered = 2 * shape.embeddings * FLOAT + 3 * layer_bytes + shape.of_a_layer * FLOAT
    return Memory(
        weights=weights // shards + aside,
        gradients=trained,
        moments=2 * trained,
        activations=activations,
        gathered=gathered,
    )


def _layer(shape: Shape, length: int, device: Device) -> float:
    """Numbers that a layer keeps per piece."""
    width, on_cpu = shape.width, device == "cpu"
    # input, query, key, value, what attention gives, and around two LayerNorms: in, out, in
    numbers = 8.0 * width
    # before and after the activation between the linear layers
    numbers += 2 * shape.inner
    if shape.dropout:
        # what two dropouts keep: floats on a CPU, bytes on a GPU
        numbers += 2 * width * (1 if on_cpu else 0.25)
        if on_cpu:
            # attention with dropout runs in parts: softmax, what dropout keeps, their product
            numbers += 3 * shape.heads * length
    return numbers


def _frozen(shape: Shape, adapters: Adapters) -> float:
    """Bytes of the weights that are not trained."""
    linear = shape.layers * sum(a * b for a, b in shape.linear_layers.values())
    size = QUANTISED[adapters.quantise] if adapters.quantise else FLOAT
    return (shape.parameters - linear) * FLOAT + linear * size


def _beside(shape: Shape, adapters: Adapters, device: Device) -> float:
    """Numbers per piece that a layer keeps more (or fewer) with adapters."""
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


def _temporary(shape: Shape, length: int, device: Device) -> float:
    """Numbers per piece that the backward pass holds for a moment, at its widest place."""
    linear = 2.0 * shape.inner + shape.width
    if device == "cpu" and shape.dropout:
        return max(linear, 2.0 * shape.heads * length)
    return linear
