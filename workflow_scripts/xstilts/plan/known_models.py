"""Configurations of Hub models, with transformers' keys, so that a plan needs no download.

A test builds each with transformers on the meta device and compares the number of parameters.
"""

from __future__ import annotations

from typing import Any

GATED = ("google/gemma",)
"""Name prefixes of models whose licence must be accepted on the Hub first."""


def _roberta(width: int, layers: int, inner: int, vocabulary: int = 250_002) -> dict[str, Any]:
    return {
        "model_type": "xlm-roberta",
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 64,
        "intermediate_size": inner,
        "vocab_size": vocabulary,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "hidden_dropout_prob": 0.1,
    }


def _roberta_xl(width: int, layers: int, inner: int) -> dict[str, Any]:
    xl = {"model_type": "xlm-roberta-xl", "num_attention_heads": 32}
    return _roberta(width, layers, inner, 250_880) | xl


def _mt5(width: int, layers: int, heads: int, inner: int) -> dict[str, Any]:
    return {
        "model_type": "mt5",
        "d_model": width,
        "num_layers": layers,
        "num_heads": heads,
        "d_kv": 64,
        "d_ff": inner,
        "vocab_size": 250_112,
        "dropout_rate": 0.1,
    }


def _bloom(width: int, layers: int, heads: int) -> dict[str, Any]:
    return {
        "model_type": "bloom",
        "hidden_size": width,
        "n_layer": layers,
        "n_head": heads,
        "vocab_size": 250_880,
        "hidden_dropout": 0.0,
    }


def _xglm(width: int, layers: int, heads: int, inner: int) -> dict[str, Any]:
    return {
        "model_type": "xglm",
        "d_model": width,
        "num_layers": layers,
        "attention_heads": heads,
        "ffn_dim": inner,
        "vocab_size": 256_008,
        "max_position_embeddings": 2048,
        "dropout": 0.1,
    }


def _decoder(
    family: str,
    width: int,
    layers: int,
    heads: tuple[int, int, int],
    inner: int,
    vocabulary: int = 151_936,
) -> dict[str, Any]:
    """``heads``: number of query heads, number of key-value heads, and head size."""
    return {
        "model_type": family,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads[0],
        "num_key_value_heads": heads[1],
        "head_dim": heads[2],
        "intermediate_size": inner,
        "vocab_size": vocabulary,
        "max_position_embeddings": 8192,
    }


def _bert(width: int, inner: int, vocabulary: int, heads: int = 12) -> dict[str, Any]:
    bert = {"model_type": "bert", "max_position_embeddings": 512, "type_vocab_size": 2}
    return _roberta(width, 12, inner, vocabulary) | bert | {"num_attention_heads": heads}


def _modernbert(width: int) -> dict[str, Any]:
    return {
        "model_type": "modernbert",
        "hidden_size": width,
        "num_hidden_layers": 22,
        "num_attention_heads": width // 64,
        "intermediate_size": 1152,
        "vocab_size": 256_000,
        "max_position_embeddings": 8192,
        "attention_dropout": 0.0,
    }


_MDEBERTA = _roberta(768, 12, 3072, 251_000) | {
    "model_type": "deberta-v2",
    "max_position_embeddings": 512,
    "type_vocab_size": 0,
    "relative_attention": True,
    "position_buckets": 256,
    "max_relative_positions": -1,
    "position_biased_input": False,
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "norm_rel_ebd": "layer_norm",
}
_BASE, _LARGE = _roberta(768, 12, 3072), _roberta(1024, 24, 4096)

KNOWN_MODELS: dict[str, dict[str, Any]] = {
    "FacebookAI/xlm-roberta-base": _BASE,
    "FacebookAI/xlm-roberta-large": _LARGE,
    "facebook/xlm-roberta-xl": _roberta_xl(2560, 36, 10_240),
    "facebook/xlm-roberta-xxl": _roberta_xl(4096, 48, 16_384),
    "Davlan/afro-xlmr-base": _BASE,
    "Davlan/afro-xlmr-large": _LARGE,
    "Davlan/afro-xlmr-large-61L": _LARGE,
    "Davlan/afro-xlmr-large-76L": _LARGE,
    "microsoft/infoxlm-base": _BASE,
    "microsoft/infoxlm-large": _LARGE,
    "facebook/xlm-v-base": _roberta(768, 12, 3072, 901_629),
    "cis-lmu/glot500-base": _roberta(768, 12, 3072, 401_145),
    "BAAI/bge-m3": _LARGE | {"max_position_embeddings": 8194},
    "intfloat/multilingual-e5-base": _BASE,
    "intfloat/multilingual-e5-large": _LARGE,
    "intfloat/multilingual-e5-small": _bert(384, 1536, 250_037),
    "microsoft/Multilingual-MiniLM-L12-H384": _bert(384, 1536, 250_037),
    "google-bert/bert-base-multilingual-cased": _bert(768, 3072, 119_547),
    "sentence-transformers/LaBSE": _bert(768, 3072, 501_153),
    "microsoft/mdeberta-v3-base": _MDEBERTA,
    "jhu-clsp/mmBERT-small": _modernbert(384),
    "jhu-clsp/mmBERT-base": _modernbert(768),
    "EuroBERT/EuroBERT-210m": _decoder("eurobert", 768, 12, (12, 12, 64), 3072, 128_256),
    "EuroBERT/EuroBERT-2.1B": _decoder("eurobert", 2304, 32, (18, 6, 128), 6144, 128_256),
    # encoders only
    "google/mt5-small": _mt5(512, 8, 6, 1024),
    "google/mt5-base": _mt5(768, 12, 12, 2048),
    "google/mt5-large": _mt5(1024, 24, 16, 2816),
    "google/mt5-xl": _mt5(2048, 24, 32, 5120),
    "google/mt5-xxl": _mt5(4096, 24, 64, 10_240),
    "bigscience/bloom-560m": _bloom(1024, 24, 16),
    "bigscience/bloom-1b1": _bloom(1536, 24, 16),
    "bigscience/bloom-1b7": _bloom(2048, 24, 16),
    "bigscience/bloom-3b": _bloom(2560, 30, 32),
    "bigscience/bloom-7b1": _bloom(4096, 30, 32),
    "facebook/xglm-564M": _xglm(1024, 24, 16, 4096),
    "facebook/xglm-1.7B": _xglm(2048, 24, 16, 8192),
    "facebook/xglm-2.9B": _xglm(2048, 48, 16, 8192),
    "facebook/xglm-7.5B": _xglm(4096, 32, 32, 16_384),
    "Qwen/Qwen2.5-0.5B": _decoder("qwen2", 896, 24, (14, 2, 64), 4864),
    "Qwen/Qwen2.5-1.5B": _decoder("qwen2", 1536, 28, (12, 2, 128), 8960),
    "Qwen/Qwen2.5-3B": _decoder("qwen2", 2048, 36, (16, 2, 128), 11_008),
    "Qwen/Qwen2.5-7B": _decoder("qwen2", 3584, 28, (28, 4, 128), 18_944, 152_064),
    "Qwen/Qwen3-0.6B-Base": _decoder("qwen3", 1024, 28, (16, 8, 128), 3072),
    "Qwen/Qwen3-1.7B-Base": _decoder("qwen3", 2048, 28, (16, 8, 128), 6144),
    "Qwen/Qwen3-4B-Base": _decoder("qwen3", 2560, 36, (32, 8, 128), 9728),
    "Qwen/Qwen3-8B-Base": _decoder("qwen3", 4096, 36, (32, 8, 128), 12_288),
    "google/gemma-2b": _decoder("gemma", 2048, 18, (8, 1, 256), 16_384, 256_000),
    "google/gemma-7b": _decoder("gemma", 3072, 28, (16, 16, 256), 24_576, 256_000),
    "google/gemma-2-2b": _decoder("gemma2", 2304, 26, (8, 4, 256), 9216, 256_000),
    "google/gemma-2-9b": _decoder("gemma2", 3584, 42, (16, 8, 256), 14_336, 256_000),
    "google/gemma-3-270m": _decoder("gemma3_text", 640, 18, (4, 1, 256), 2048, 262_144),
    "google/gemma-3-1b-pt": _decoder("gemma3_text", 1152, 26, (4, 1, 256), 6912, 262_144),
}
KNOWN_MODELS |= {
    old: KNOWN_MODELS[new]
    for old, new in {
        "xlm-roberta-base": "FacebookAI/xlm-roberta-base",
        "xlm-roberta-large": "FacebookAI/xlm-roberta-large",
        "bert-base-multilingual-cased": "google-bert/bert-base-multilingual-cased",
    }.items()
}
