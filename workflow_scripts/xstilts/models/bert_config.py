"""Configurations of the encoders that ``models.bert`` implements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xstilts.models.families import BERT_TYPES, COUNTED_FROM_PADDING

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUIRED = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
             "intermediate_size", "max_position_embeddings")  # fmt: skip


@dataclass(frozen=True)
class BertConfig:
    """A Hugging Face ``config.json`` (``raw``), with transformers' defaults for missing keys."""

    raw: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        """Return a key of the configuration, or its default in transformers."""
        try:
            return {**_DEFAULTS, **_DEFAULTS_BY_TYPE[self.raw["model_type"]], **self.raw}[name]
        except KeyError:
            raise AttributeError(f"the configuration has no {name!r}") from None

    @property
    def first_position(self) -> int:
        """Position of a sequence's first token."""
        counted = self.model_type in COUNTED_FROM_PADDING
        return int(self.pad_token_id) + 1 if counted else 0

    @property
    def embedding_width(self) -> int:
        """Size of the token embeddings; ELECTRA's may be smaller than its hidden states."""
        return int(self.embedding_size if self.model_type == "electra" else self.hidden_size)


_DEFAULTS: dict[str, Any] = {
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "classifier_dropout": None,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "type_vocab_size": 2,
}
_DEFAULTS_BY_TYPE: dict[str, dict[str, Any]] = {
    **{name: {"pad_token_id": 1} for name in BERT_TYPES},
    "bert": {"pad_token_id": 0},
    "electra": {"pad_token_id": 0, "embedding_size": 128},
}


def supports(config: Mapping[str, Any]) -> bool:
    """Return True if this module implements the model of a ``config.json``."""
    return (
        config.get("model_type") in BERT_TYPES
        and config.get("hidden_act", "gelu") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder", False)
        # null would make no row the padding's
        and isinstance(config.get("pad_token_id", 1), int)
        and all(key in config for key in _REQUIRED)
    )
