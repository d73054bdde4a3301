"""Tiny models as published: random weights, and a tokenizer of the same layout.

The layouts are those of Qwen2 and BLOOM (byte-level BPE without special tokens around texts), mT5
(Unigram, ``</s>`` after each text) and Gemma (BPE, ``<bos>`` before).
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import torch
from engine_world import WORDS, sentences
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

USUAL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 64, "max_position_embeddings": 80}  # fmt: skip
GROUPED = {**USUAL, "num_key_value_heads": 1, "head_dim": 16}
BLOOM = {"hidden_size": 32, "n_layer": 2, "n_head": 2}
T5 = {"d_model": 32, "num_layers": 2, "num_heads": 2, "d_kv": 16, "d_ff": 64}
# layout: (module and prefix of the classes, configuration, class that is published)
MODELS: dict[str, tuple[str, dict[str, Any], str]] = {
    "qwen2": ("Qwen2", GROUPED, "Qwen2ForCausalLM"),
    "bloom": ("Bloom", BLOOM, "BloomForCausalLM"),
    "mt5": ("MT5", T5, "MT5ForConditionalGeneration"),
    "gemma": ("Gemma", GROUPED, "GemmaForCausalLM"),
}
NAMES: dict[str, dict[str, Any]] = {
    "qwen2": {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
              "tokenizer_class": "Qwen2Tokenizer"},
    "bloom": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
              "tokenizer_class": "BloomTokenizerFast"},
    "mt5": {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
            "tokenizer_class": "T5Tokenizer", "extra_ids": 0},
    "gemma": {"bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>",
              "pad_token": "<pad>", "tokenizer_class": "GemmaTokenizer"},
}  # fmt: skip
SPECIALS = {
    "qwen2": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    "bloom": ["<unk>", "<s>", "</s>", "<pad>"],
    "mt5": ["<pad>", "</s>", "<unk>"],
    "gemma": ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"],
}


def byte_level(layout: str) -> Tokenizer:
    """Byte-level BPE: every character is known, and a space belongs to the word after it."""
    tokenizer = Tokenizer(models.BPE())
    if layout == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=layout == "bloom")
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    specials = SPECIALS[layout] if layout == "bloom" else []
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=alphabet, special_tokens=specials, show_progress=False
    )
    tokenizer.train_from_iterator(sentences(300, 0), trainer)
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in SPECIALS[layout]])
    return tokenizer


def unigram() -> Tokenizer:
    """mT5's: Unigram, with its two special tokens and the end after each text."""
    # not trained: the trainer makes no token of a word that is not part of another
    characters = sorted(set("".join(WORDS)) | {"\u2581"})
    token_ids = [(name, 0.0) for name in SPECIALS["mt5"]]
    token_ids += [(f"\u2581{word}", -5.0) for word in WORDS if word not in characters]
    token_ids += [(character, -8.0) for character in characters]
    tokenizer = Tokenizer(models.Unigram(token_ids, SPECIALS["mt5"].index("<unk>"), False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens(SPECIALS["mt5"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer


def gemma() -> Tokenizer:
    """Gemma's: BPE over text whose spaces are marks, unknown characters as bytes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\u2581", "merged_with_next")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.Fuse()])
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=SPECIALS["gemma"], show_progress=False
    )
    tokenizer.train_from_iterator(sentences(300, 0), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos>:1 $B:1", special_tokens=[("<bos>", 2)]
    )
    return tokenizer


def tokenizer_of(layout: str) -> Tokenizer:
    """A tokenizer of this layout, trained on the sentences of the toy world."""
    if layout == "mt5":
        return unigram()
    return gemma() if layout == "gemma" else byte_level(layout)


def published_model(layout: str, folder: Path) -> Path:
    """Write a checkpoint with its tokenizer, as if downloaded."""
    tokenizer = tokenizer_of(layout)
    folder.mkdir(parents=True, exist_ok=True)
    prefix, values, name = MODELS[layout]
    package = f"transformers.models.{layout}"
    configuration = importlib.import_module(f"{package}.configuration_{layout}")
    # published vocabularies are padded to a round number
    size = -(-tokenizer.get_vocab_size() // 64) * 64
    config = getattr(configuration, f"{prefix}Config")(vocab_size=size, **values)
    torch.manual_seed(0)
    model = getattr(importlib.import_module(f"{package}.modeling_{layout}"), name)(config)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(NAMES[layout]))
    return folder
