"""The families of encoders by ``model_type``: which are implemented here, and their structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

BERT_TYPES = ("bert", "camembert", "data2vec-text", "electra", "roberta", "xlm-roberta")
"""Model types that ``models.bert`` implements."""

COUNTED_FROM_PADDING = {"camembert", "data2vec-text", "roberta", "xlm-roberta", "xlm-roberta-xl"}
"""Model types that number positions from the id of the padding token."""

POSITIONS = {*BERT_TYPES, "xlm-roberta-xl"}
"""Model types with trained position embeddings."""

_BERT = {
    "attention.self.query": "width heads",
    "attention.self.key": "width kv_heads",
    "attention.self.value": "width kv_heads",
    "attention.output.dense": "heads width",
    "intermediate.dense": "width inner",
    "output.dense": "inner width",
}
_DEBERTA = {
    "attention.self.query_proj": "width heads",
    "attention.self.key_proj": "width kv_heads",
    "attention.self.value_proj": "width kv_heads",
    "attention.output.dense": "heads width",
    "intermediate.dense": "width inner",
    "output.dense": "inner width",
}
_MODERN = {
    "attn.Wqkv": "width qkv",
    "attn.Wo": "heads width",
    "mlp.Wi": "width two_inner",
    "mlp.Wo": "inner width",
}
_T5 = {
    "layer.0.SelfAttention.q": "width heads",
    "layer.0.SelfAttention.k": "width kv_heads",
    "layer.0.SelfAttention.v": "width kv_heads",
    "layer.0.SelfAttention.o": "heads width",
    "layer.1.DenseReluDense.wi_0": "width inner",
    "layer.1.DenseReluDense.wi_1": "width inner",
    "layer.1.DenseReluDense.wo": "inner width",
}
_BLOOM = {
    "self_attention.query_key_value": "width qkv",
    "self_attention.dense": "heads width",
    "mlp.dense_h_to_4h": "width inner",
    "mlp.dense_4h_to_h": "inner width",
}
_XGLM = {
    "self_attn.q_proj": "width heads",
    "self_attn.k_proj": "width kv_heads",
    "self_attn.v_proj": "width kv_heads",
    "self_attn.out_proj": "heads width",
    "fc1": "width inner",
    "fc2": "inner width",
}
_LLAMA = {
    "self_attn.q_proj": "width heads",
    "self_attn.k_proj": "width kv_heads",
    "self_attn.v_proj": "width kv_heads",
    "self_attn.o_proj": "heads width",
    "mlp.gate_proj": "width inner",
    "mlp.up_proj": "width inner",
    "mlp.down_proj": "inner width",
}


class Family(NamedTuple):
    """The structure of the encoders of a model type."""

    linear: Mapping[str, str]
    """Linear layers of a transformer layer: name to input and output size."""
    bias: str
    """The linear layers with biases: ``all``, ``qkv`` or ``none``."""
    norms: int
    """Norms of the full width per layer."""
    norm_rows: int
    """Vectors of a norm: 2 for LayerNorm (weight, bias), 1 for RMSNorm."""
    extra_rows: int
    """Vectors outside the layers that every model of the type has, those of norms."""
    head_norms: bool = False
    """True if queries and keys are normalised per head."""
    unquantised: tuple[str, ...] = ()
    """Linear layers that stay in fp32 when the others are quantised."""


FAMILIES = {
    **dict.fromkeys(BERT_TYPES, Family(_BERT, "all", 2, 2, 2)),
    "xlm-roberta-xl": Family(_BERT, "all", 2, 2, 2),
    # norms of token embeddings and of relative positions
    "deberta-v2": Family(_DEBERTA, "all", 2, 2, 4),
    # norms around the layers, less the one that the first layer lacks
    "modernbert": Family(_MODERN, "none", 2, 1, 1),
    "eurobert": Family(_LLAMA, "none", 2, 1, 1),
    "bloom": Family(_BLOOM, "all", 2, 2, 4),
    "xglm": Family(_XGLM, "all", 2, 2, 2),
    "mt5": Family(_T5, "none", 2, 1, 1, unquantised=("layer.1.DenseReluDense.wo",)),
    "umt5": Family(_T5, "none", 2, 1, 1, unquantised=("layer.1.DenseReluDense.wo",)),
    "qwen2": Family(_LLAMA, "qkv", 2, 1, 1),
    "qwen3": Family(_LLAMA, "none", 2, 1, 1, True),
    "gemma": Family(_LLAMA, "none", 2, 1, 1),
    "gemma2": Family(_LLAMA, "none", 4, 1, 1),
    "gemma3_text": Family(_LLAMA, "none", 4, 1, 1, True),
}
"""By ``model_type``."""
