"""Tiny sequence-to-sequence models of the families that translate, with tokenizers trained here."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    NllbTokenizer,
)

TEXTS = (
    'the cat sees the dog. a bird eats [red] fish in 1066! "Who" sleeps, he said? '
    "dogs and cats are animals. Ada wrote the first program in London. (yes) no one knows."
).split()
_FOLDER = tempfile.TemporaryDirectory()


def _corpus(count: int = 300) -> list[str]:
    return [
        " ".join(TEXTS[(i * 7 + j) % len(TEXTS)] for j in range(3 + i % 9)) for i in range(count)
    ]


def _sentencepiece(prefix: Path) -> Path:
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_corpus()), model_prefix=str(prefix), vocab_size=120,
        hard_vocab_limit=False, minloglevel=2, unk_id=0, bos_id=1, eos_id=2,
    )  # fmt: skip
    return prefix.with_suffix(".model")


def _shape(vocab_size: int) -> dict[str, Any]:
    """Sizes of a tiny model, and a large initialisation so that outputs depend on inputs."""
    return {
        "vocab_size": vocab_size, "d_model": 16, "encoder_layers": 1, "decoder_layers": 1,
        "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 32,
        "decoder_ffn_dim": 32, "max_position_embeddings": 128, "init_std": 1.0,
    }  # fmt: skip


@functools.cache
def m2m100() -> Path:
    """A model with one token per language, by ISO codes."""
    folder = Path(_FOLDER.name) / "m2m100"
    folder.mkdir()
    spm = _sentencepiece(folder / "spm")
    token_ids = sentencepiece.SentencePieceProcessor(model_file=str(spm))
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocab = {token: number for number, token in enumerate(special)}
    for number in range(3, token_ids.get_piece_size()):
        vocab.setdefault(token_ids.id_to_piece(number), len(vocab))
    (folder / "vocab.json").write_text(json.dumps(vocab))
    tokenizer = M2M100Tokenizer(vocab_file=str(folder / "vocab.json"), spm_file=str(spm))
    torch.manual_seed(1)
    size = len(vocab) + len(tokenizer.lang_code_to_token) + 8
    config = M2M100Config(**_shape(size), pad_token_id=1, bos_token_id=0, eos_token_id=2,
                          decoder_start_token_id=2)  # fmt: skip
    return _saved(folder, M2M100ForConditionalGeneration(config), tokenizer)


@functools.cache
def nllb() -> Path:
    """A model with one token per language, by FLORES codes; ``qaa`` and ``qab`` among them."""
    folder = Path(_FOLDER.name) / "nllb"
    base = Tokenizer(models.BPE(unk_token="<unk>"))
    base.normalizer = normalizers.NFKC()
    base.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    base.train_from_iterator(
        _corpus(), trainers.BpeTrainer(vocab_size=150, special_tokens=special, show_progress=False)
    )
    trained = json.loads(base.to_str())["model"]
    languages = ["eng_Latn", "deu_Latn", "swh_Latn", "qaa_Zzzz", "qab_Zzzz"]
    tokenizer = NllbTokenizer(
        vocab=trained["vocab"], merges=[tuple(pair) for pair in trained["merges"]],
        extra_special_tokens=languages,
    )  # fmt: skip
    torch.manual_seed(1)
    config = M2M100Config(**_shape(len(tokenizer)), pad_token_id=1, bos_token_id=0, eos_token_id=2,
                          decoder_start_token_id=2)  # fmt: skip
    return _saved(folder, M2M100ForConditionalGeneration(config), tokenizer)


@functools.cache
def marian(prefixes: tuple[str, ...] = ()) -> Path:
    """A model of one pair of languages, or with a prefix such as ``>>deu<<`` for each target."""
    folder = Path(_FOLDER.name) / f"marian{len(prefixes)}"
    folder.mkdir()
    spm = _sentencepiece(folder / "spm")
    token_ids = sentencepiece.SentencePieceProcessor(model_file=str(spm))
    names = [token_ids.id_to_piece(i) for i in range(3, token_ids.get_piece_size())]
    vocab = {token: i for i, token in enumerate(["</s>", "<unk>", *prefixes, *names, "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(vocab))
    tokenizer = MarianTokenizer(
        source_spm=str(spm), target_spm=str(spm), vocab=str(folder / "vocab.json")
    )
    torch.manual_seed(1)
    pad = vocab["<pad>"]
    config = MarianConfig(**_shape(len(vocab)), pad_token_id=pad, eos_token_id=0,
                          decoder_start_token_id=pad, decoder_vocab_size=len(vocab),
                          forced_eos_token_id=0)  # fmt: skip
    return _saved(folder, MarianMTModel(config), tokenizer)


def _saved(folder: Path, model: Any, tokenizer: Any) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
