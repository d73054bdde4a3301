"""The shape of an encoder from its configuration: parameters and arithmetic, no weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xstilts.errors import UserError
from xstilts.files import read_json
from xstilts.plan.known_models import KNOWN_MODELS
from xstilts.training.memory import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.grid import Grid


class Family(NamedTuple):
    """What the encoders of a model type have beside their large matrices."""

    gated: bool
    """Three matrices between the two widths instead of two."""
    bias: str
    """Which linear layers have biases: ``all``, ``qkv`` or ``none``."""
    norms: int
    """Norms of the full width per layer."""
    norm_rows: int
    """Vectors of a norm: 2 for LayerNorm (weight, bias), 1 for RMSNorm."""
    extra_rows: int
    """Vectors of the full width outside the layers: token types, norms."""
    head_norms: bool = False
    """Whether queries and keys are normalised per head."""


FAMILIES = {
    "xlm-roberta": Family(False, "all", 2, 2, 3),
    "roberta": Family(False, "all", 2, 2, 3),
    "camembert": Family(False, "all", 2, 2, 3),
    "xlm-roberta-xl": Family(False, "all", 2, 2, 3),
    "bert": Family(False, "all", 2, 2, 4),
    "bloom": Family(False, "all", 2, 2, 4),
    "xglm": Family(False, "all", 2, 2, 2),
    "mt5": Family(True, "none", 2, 1, 1),
    "umt5": Family(True, "none", 2, 1, 1),
    "qwen2": Family(True, "qkv", 2, 1, 1),
    "qwen3": Family(True, "none", 2, 1, 1, True),
    "gemma": Family(True, "none", 2, 1, 1),
    "gemma2": Family(True, "none", 4, 1, 1),
    "gemma3_text": Family(True, "none", 4, 1, 1, True),
}
"""By ``model_type``."""

_WIDTH = ("hidden_size", "d_model")
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_HEADS = ("num_attention_heads", "n_head", "attention_heads", "num_heads")
_INNER = ("intermediate_size", "ffn_dim", "d_ff")
_DROPOUT = ("hidden_dropout_prob", "hidden_dropout", "dropout_rate", "dropout")
_POSITIONS = {"xlm-roberta", "roberta", "camembert", "xlm-roberta-xl", "bert"}
"""Types with a trained embedding of each position."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderShape(Shape):
    """A shape of any of the families."""

    family: str = "xlm-roberta"
    head_width: int = 0
    """Numbers of a head where it is not the width divided by the heads."""
    kv_heads: int = 0
    """Heads of keys and values where they are fewer."""

    @property
    def _head_width(self) -> int:
        return self.head_width or self.width // self.heads

    @property
    def attention_width(self) -> int:
        """Numbers of all heads of a piece."""
        return self.heads * self._head_width

    @property
    def _kv_width(self) -> int:
        return (self.kv_heads or self.heads) * self._head_width

    @property
    def matrices(self) -> int:
        """Weights of all layers that a piece is multiplied with; the embeddings are looked up."""
        attention = 2 * self.width * (self.attention_width + self._kv_width)
        between = (3 if FAMILIES[self.family].gated else 2) * self.width * self.inner
        return self.layers * (attention + between)

    @property
    def parameters(self) -> int:
        """Numbers of the encoder, embeddings included."""
        family, width = FAMILIES[self.family], self.width
        small = family.norms * family.norm_rows * width
        if family.bias in ("all", "qkv"):
            small += self.attention_width + 2 * self._kv_width
        if family.bias == "all":
            small += width + self.inner + width
        if family.head_norms:
            small += 2 * self._head_width
        rows = self.vocabulary + family.extra_rows
        if self.family in _POSITIONS:
            rows += self.positions
        # T5 learns a bias per head and bucket of distances, in its first layer
        relative = 32 * self.heads if self.family in ("mt5", "umt5") else 0
        if self.family == "umt5":
            relative *= self.layers
        return rows * width + self.matrices + self.layers * small + relative


def shape_of_config(config: Mapping[str, Any]) -> EncoderShape:
    """From a ``config.json`` in the names of its family.

    Raises:
        KeyError: the family is not known, or a size is missing.
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
    )


def _first(config: Mapping[str, Any], names: tuple[str, ...], default: Any = None) -> Any:
    """The value of the first of the names that there is."""
    for name in names:
        if name in config:
            return config[name]
    if default is None:
        raise KeyError(" or ".join(names))
    return default


def shape_of_base(grid: Grid, base: str) -> EncoderShape | None:
    """The shape of a base: built here, in a folder, imported already, or of a known model.

    Nothing is downloaded.

    Returns:
        None where nothing on this machine says what the model is like.
    """
    settings = grid.study.bases[base]
    if settings.pretrain:
        return EncoderShape.of_pretraining(settings.pretrain)
    folder = Path(settings.path) if settings.path else Path(grid.paths.base(base)).parent
    try:
        return shape_of_config(read_json(folder / "config.json"))
    except (UserError, KeyError):
        known = KNOWN_MODELS.get(settings.hub or "")
        return shape_of_config(known) if known else None
