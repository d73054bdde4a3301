"""The shape of an encoder, from its configuration: numbers of parameters and sizes of layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xstilts.models.families import COUNTED_FROM_PADDING, FAMILIES, POSITIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDTH = ("hidden_size", "d_model")
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_HEADS = ("num_attention_heads", "n_head", "attention_heads", "num_heads")
_INNER = ("intermediate_size", "ffn_dim", "d_ff")
_DROPOUT = ("hidden_dropout_prob", "hidden_dropout", "dropout_rate", "dropout")


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderShape:
    """The sizes of an encoder, which determine its parameters, operations and memory."""

    width: int
    """Size of the hidden states."""
    layers: int
    heads: int
    inner: int
    """Intermediate size of the feed-forward blocks."""
    vocabulary: int
    positions: int
    dropout: bool = True
    family: str = "xlm-roberta"
    head_width: int = 0
    """Size of an attention head; 0 for the width divided by the number of heads."""
    kv_heads: int = 0
    """Number of key-value heads; 0 for as many as query heads."""
    embedding: int = 0
    """Size of the token embeddings; 0 for the width."""
    other_rows: int = 1
    """Embeddings other than those of tokens and positions: token types, relative positions."""

    @property
    def embedding_width(self) -> int:
        """Size of the token embeddings."""
        return self.embedding or self.width

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence that the model has positions for."""
        # the padding token's id is 1
        return self.positions - 2 * (self.family in COUNTED_FROM_PADDING)

    @property
    def _head_width(self) -> int:
        return self.head_width or self.width // self.heads

    @property
    def attention_width(self) -> int:
        """Size of all attention heads together."""
        return self.heads * self._head_width

    @property
    def _kv_width(self) -> int:
        return (self.kv_heads or self.heads) * self._head_width

    @property
    def linear_layers(self) -> dict[str, tuple[int, int]]:
        """Name to input and output size of each linear layer of one transformer layer."""
        sizes = {
            "width": self.width,
            "inner": self.inner,
            "two_inner": 2 * self.inner,
            "heads": self.attention_width,
            "kv_heads": self._kv_width,
            "qkv": self.attention_width + 2 * self._kv_width,
        }
        found = {}
        for name, ends in FAMILIES[self.family].linear.items():
            size_in, size_out = ends.split()
            found[name] = (sizes[size_in], sizes[size_out])
        return found

    @property
    def gated(self) -> bool:
        """True if the feed-forward blocks are gated: twice the inner size is computed."""
        ends = list(FAMILIES[self.family].linear.values())
        return ends.count("width inner") == 2 or "width two_inner" in ends

    @property
    def matrices(self) -> int:
        """Weights of the linear layers of all transformer layers, without biases."""
        return self.layers * sum(a * b for a, b in self.linear_layers.values())

    @property
    def layer_parameters(self) -> int:
        """Number of parameters of one transformer layer."""
        family, width = FAMILIES[self.family], self.width
        small = family.norms * family.norm_rows * width
        if family.bias in ("all", "qkv"):
            small += self.attention_width + 2 * self._kv_width
        if family.bias == "all":
            small += width + self.inner + width
        if family.head_norms:
            small += 2 * self._head_width
        return self.matrices // self.layers + small

    @property
    def outside_layers(self) -> int:
        """Number of parameters outside the transformer layers, most of them embeddings."""
        rows = self.vocabulary + FAMILIES[self.family].extra_rows + self.other_rows
        if self.family in POSITIONS:
            rows += self.positions
        # T5 has a relative attention bias (heads x 32 buckets) in its first layer; UMT5 in each
        layers = {"mt5": 1, "umt5": self.layers}.get(self.family, 0)
        size = self.embedding_width
        projection = self.width * (size + 1) if size != self.width else 0
        return rows * size + projection + 32 * self.heads * layers

    @property
    def parameters(self) -> int:
        """Number of parameters of the encoder, embeddings included."""
        return self.outside_layers + self.layers * self.layer_parameters


def selected_layers(layers: Sequence[str], modules: str | Sequence[str]) -> list[str]:
    """Return the linear layers that a recipe's ``lora.modules`` selects.

    Args:
        layers: names of the linear layers.
        modules: ``all-linear``, or endings of names.
    """
    if isinstance(modules, str):
        return list(layers)
    ends = tuple(f".{name}" for name in modules)
    return [layer for layer in layers if f".{layer}".endswith(ends)]


def head_parameters(kind: str, shape: EncoderShape, labels: int) -> int:
    """Return the number of parameters of a task's head (``models.head_KIND``).

    Args:
        kind: kind of the task.
        shape: shape of its encoder.
        labels: number of classes of a classification or tagging task.
    """
    width = shape.width
    dense = width * (width + 1)
    return {
        "classification": dense + labels * (width + 1),
        "tagging": labels * (width + 1),
        "span": 2 * (width + 1),
        "multiple_choice": dense + width + 1,
        "ranking": dense + 1,
        "mlm": dense + 2 * width + shape.vocabulary,
    }[kind]


def shape_of_config(config: Mapping[str, Any]) -> EncoderShape:
    """Return the shape of an encoder from its ``config.json``, whose keys depend on the family.

    Raises:
        KeyError: the family is unknown, or a size is missing.
    """
    family = config["model_type"]
    if family not in FAMILIES:
        raise KeyError(f"model_type {family!r}")
    width, heads = _first(config, _WIDTH), _first(config, _HEADS)
    return EncoderShape(
        family=family,
        width=width,
        layers=_first(config, _LAYERS),
        heads=heads,
        # BLOOM's configuration does not name it
        inner=4 * width if family == "bloom" else _first(config, _INNER),
        vocabulary=config["vocab_size"],
        positions=config.get("max_position_embeddings", 1 << 20),
        dropout=bool(_first(config, _DROPOUT, 0.0)),
        head_width=config.get("head_dim") or config.get("d_kv") or 0,
        kv_heads=config.get("num_key_value_heads") or 0,
        # transformers' default is 128
        embedding=config.get("embedding_size", 128) if family == "electra" else 0,
        other_rows=_other_rows(config, family),
    )


def _other_rows(config: Mapping[str, Any], family: str) -> int:
    """Return the number of embeddings of token types and of relative positions."""
    if family == "deberta-v2":
        buckets = config.get("position_buckets", -1)
        reach = config.get("max_relative_positions", -1)
        reach = reach if reach > 0 else config["max_position_embeddings"]
        relative = 2 * (buckets if buckets > 0 else reach)
        types = config.get("type_vocab_size", 0)
        absolute = config.get("position_biased_input", True) * config["max_position_embeddings"]
        return int(types + absolute + relative * config.get("relative_attention", False))
    return int(config.get("type_vocab_size", 2)) if family in POSITIONS else 0


def _first(config: Mapping[str, Any], names: tuple[str, ...], default: Any = None) -> Any:
    """Return the value of the first of the names that the configuration has."""
    for name in names:
        if name in config:
            return config[name]
    if default is None:
        raise KeyError(" or ".join(names))
    return default
