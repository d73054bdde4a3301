"""Pooling: the token whose hidden state represents a sequence, which depends on the encoder."""

from __future__ import annotations

import importlib
from typing import Any, Literal

import torch

Pool = Literal["first", "last"]

_FIRST = "albert bert camembert data2vec-text deberta-v2 distilbert electra eurobert modernbert "
_FIRST += "mt5 rembert roberta t5 umt5 xlm xlm-roberta xlm-roberta-xl"
_LAST = "bloom gemma gemma2 gemma3_text gpt2 llama mistral qwen2 qwen3 xglm"
_KNOWN: dict[str, Pool] = {
    **dict.fromkeys(_FIRST.split(), "first"),
    **dict.fromkeys(_LAST.split(), "last"),
}


def pool_of(config: Any) -> Pool:
    """Return the pooling of an encoder: its first token, or the last token if it is causal.

    In a causal language model, only the last real token attends to all others. A model type that
    is not listed here counts as causal if transformers has it as a causal and not as a masked
    language model.

    Args:
        config: configuration of the encoder, with ``model_type``.
    """
    model_type = getattr(config, "model_type", "xlm-roberta")
    if model_type in _KNOWN:
        return _KNOWN[model_type]
    auto = importlib.import_module("transformers.models.auto.modeling_auto")
    causal = model_type in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    masked = model_type in auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    return "last" if causal and not masked else "first"


def pooled(hidden_BTD: torch.Tensor, mask_BT: torch.Tensor, pool: Pool) -> torch.Tensor:
    """Return the pooled hidden state of each sequence, B x D; padding must be on the right."""
    if pool == "first":
        return hidden_BTD[:, 0]
    last_B = mask_BT.sum(dim=1) - 1
    return hidden_BTD[torch.arange(len(last_B), device=last_B.device), last_B]
