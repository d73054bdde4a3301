"""All families of encoders: tiny models of the real architectures, trained and predicting."""

from __future__ import annotations

import functools
import importlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from engine_world import labels_of, make_tokens, recipe, runtime, tokenizer_dir
from safetensors.torch import load_file, save_file

from xstilts.config.adapters import Lora
from xstilts.errors import UserError
from xstilts.models.adapters import linear_layers
from xstilts.models.encoder import hidden_states, load_encoder
from xstilts.models.heads import HeadSpec
from xstilts.models.pool import pool_of, pooled
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item, predict
from xstilts.tokens.tokenizer import load_tokenizer
from xstilts.training.loop import train
from xstilts.training.sampler import TrainingSet

USUAL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 64, "max_position_embeddings": 80}  # fmt: skip
GROUPED = {**USUAL, "num_key_value_heads": 1, "head_dim": 16}
T5 = {"d_model": 32, "num_layers": 2, "num_heads": 2, "d_kv": 16, "d_ff": 64}
# (module and prefix of the classes, configuration, class that is published, pooled token)
FAMILIES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "xlm_roberta": ("XLMRoberta", USUAL, "XLMRobertaForMaskedLM", "first"),
    "xlm_roberta_xl": ("XLMRobertaXL", USUAL, "XLMRobertaXLForMaskedLM", "first"),
    "bert": ("Bert", USUAL, "BertForPreTraining", "first"),
    "electra": ("Electra", {**USUAL, "embedding_size": 16}, "ElectraForPreTraining", "first"),
    # as mDeBERTa-v3
    "deberta_v2": (
        "DebertaV2",
        {**USUAL, "relative_attention": True, "position_buckets": 8, "norm_rel_ebd": "layer_norm",
         "share_att_key": True, "pos_att_type": "p2c|c2p", "position_biased_input": False,
         "type_vocab_size": 0},
        "DebertaV2ForMaskedLM", "first",
    ),
    "mt5": ("MT5", T5, "MT5ForConditionalGeneration", "first"),
    "umt5": ("UMT5", T5, "UMT5ForConditionalGeneration", "first"),
    "t5": ("T5", T5, "T5ForConditionalGeneration", "first"),
    "rembert": ("RemBert", {**USUAL, "input_embedding_size": 16}, "RemBertForMaskedLM", "first"),
    "modernbert": (
        "ModernBert", {**USUAL, "global_attn_every_n_layers": 2, "local_attention": 8},
        "ModernBertForMaskedLM", "first",
    ),
    "eurobert": ("EuroBert", GROUPED, "EuroBertForMaskedLM", "first"),
    "bloom": ("Bloom", {"hidden_size": 32, "n_layer": 2, "n_head": 2}, "BloomForCausalLM", "last"),
    "xglm": (
        "XGLM", {"d_model": 32, "num_layers": 2, "attention_heads": 2, "ffn_dim": 64,
                 "max_position_embeddings": 80},
        "XGLMForCausalLM", "last",
    ),
    "qwen2": ("Qwen2", GROUPED, "Qwen2ForCausalLM", "last"),
    "qwen3": ("Qwen3", GROUPED, "Qwen3ForCausalLM", "last"),
    "gemma": ("Gemma", GROUPED, "GemmaForCausalLM", "last"),
    "gemma2": ("Gemma2", GROUPED, "Gemma2ForCausalLM", "last"),
}  # fmt: skip
KINDS = ("classification", "tagging")


@functools.cache
def vocabulary() -> tuple[int, int]:
    """Return the size of the toy vocabulary, and its padding id."""
    tokenizer = load_tokenizer(tokenizer_dir())
    return tokenizer.vocab_size, tokenizer.pad_id


def published(family: str, folder: Path) -> Path:
    """Write a random checkpoint as if published: with the head of pretraining."""
    prefix, values, name, _ = FAMILIES[family]
    package = f"transformers.models.{family}"
    config_class = getattr(
        importlib.import_module(f"{package}.configuration_{family}"), f"{prefix}Config"
    )
    size, pad = vocabulary()
    config = config_class(vocab_size=size, pad_token_id=pad, **values)
    torch.manual_seed(0)
    model = getattr(importlib.import_module(f"{package}.modeling_{family}"), name)(config)
    # half precision on disk must not become the precision of training
    model.to(torch.float16 if family == "bloom" else torch.float32).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_trained_saved_loaded_and_predicts(tmp_path: Path, family: str) -> None:
    start = published(family, tmp_path / "start")
    encoder = load_encoder(start)
    assert {parameter.dtype for parameter in encoder.parameters()} == {torch.float32}
    assert pool_of(encoder.config) == FAMILIES[family][3]
    tokens = {kind: make_tokens(tmp_path, kind, 48) for kind in KINDS}
    train(
        start,
        [TrainingSet(task=kind, language="en", tokens=tokens[kind][1]) for kind in KINDS],
        {kind: HeadSpec(kind=kind, labels=labels_of(kind)) for kind in KINDS},
        recipe(max_steps=2),
        seed=1,
        out_dir=tmp_path / "model",
        runtime=runtime(tmp_path),
    )
    before, after = encoder.state_dict(), load_encoder(tmp_path / "model").state_dict()
    assert before.keys() == after.keys()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert len(changed) > 0.7 * len(before)
    for kind in KINDS:
        out = tmp_path / f"{kind}.parquet"
        predict(
            tmp_path / "model",
            task=kind,
            kind=kind,
            labels=labels_of(kind),
            items=[Item(language="en", tokens=tokens[kind][1], data=tokens[kind][0], out=out)],
            options=PredictOptions(),
            max_tokens=500,
            num_threads=1,
        )
        assert pq.read_table(out).num_rows == 48


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_adapted(tmp_path: Path, family: str) -> None:
    """Adapters and heads are trained in every family."""
    start = published(family, tmp_path / "start")
    tokens = make_tokens(tmp_path, "classification", 48)[1]
    plan = Lora(rank=2, alpha=4.0, dropout=0.1, modules="all-linear", merge=False)
    train(
        start,
        [TrainingSet(task="toy", language="en", tokens=tokens)],
        {"toy": HeadSpec(kind="classification", labels=labels_of("classification"))},
        recipe(max_steps=2, lora=plan),
        seed=1,
        out_dir=tmp_path / "model",
        runtime=runtime(tmp_path),
    )
    before, after = load_encoder(start), load_encoder(tmp_path / "model")
    changed = {
        name
        for name, tensor in before.state_dict().items()
        if not torch.equal(tensor, after.state_dict()[name])
    }
    linear = {f"{name}.weight" for name in linear_layers(before)}
    assert changed <= linear
    # a decoder's last layer may have matrices that do not change
    assert len(changed) > 0.8 * len(linear)


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_and_pooling_of_a_family(tmp_path: Path, family: str) -> None:
    encoder = load_encoder(published(family, tmp_path)).eval()
    pad = vocabulary()[1]
    alone = torch.tensor([[0, 9, 8, 7, 2]])
    padded = torch.tensor([[0, 9, 8, 7, 2, pad, pad], [0, 5, 6, 7, 8, 9, 2]])
    changed = torch.tensor([[0, 9, 8, 11, 2]])
    pool = pool_of(encoder.config)

    def whole(ids: torch.Tensor) -> torch.Tensor:
        mask = torch.ones_like(ids) if len(ids) == 1 else (ids != pad).long()
        with torch.inference_mode():
            hidden = hidden_states(encoder, {"input_ids": ids, "attention_mask": mask})[-1]
        return pooled(hidden, mask, pool)[0]

    # the pooled hidden state depends on all tokens, but not on padding
    torch.testing.assert_close(whole(alone), whole(padded), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(whole(alone), whole(changed), atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_missing_weight_is_an_error(tmp_path: Path, family: str) -> None:
    folder = published(family, tmp_path)
    weights = load_file(folder / "model.safetensors")
    inner = [
        name
        for name, tensor in weights.items()
        if (".1." in name and tensor.ndim == 2 and "decoder.block" not in name)
    ]
    del weights[inner[0]]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"1 missing: .*\.1\."):
        load_encoder(folder)


def test_a_causal_model_of_an_unlisted_type_pools_the_last_token() -> None:
    from types import SimpleNamespace

    assert pool_of(SimpleNamespace(model_type="olmo2")) == "last"
    assert pool_of(SimpleNamespace(model_type="nomic_bert")) == "first"
    assert pool_of(SimpleNamespace(model_type="xlnet")) == "last"


def test_an_unknown_architecture_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "xlm-robertta"}))
    with pytest.raises(UserError, match=r"cannot build model_type 'xlm-robertta'"):
        load_encoder(tmp_path)


def test_checkpointing_a_causal_model_changes_no_bit(tmp_path: Path) -> None:
    start = published("qwen3", tmp_path / "start")
    tokens = make_tokens(tmp_path, "classification", 32)[1]
    for out, again in (("kept", False), ("again", True)):
        train(
            start,
            [TrainingSet(task="toy", language="en", tokens=tokens)],
            {"toy": HeadSpec(kind="classification", labels=labels_of("classification"))},
            recipe(max_steps=2),
            seed=1,
            out_dir=tmp_path / out,
            runtime=runtime(tmp_path, gradient_checkpointing=again),
        )
    kept, again = ((tmp_path / out / "model.safetensors").read_bytes() for out in ("kept", "again"))
    assert kept == again
