"""The encoder of BERT's relatives is that of transformers: outputs, gradients, files."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_world import ARCHITECTURE, bert_dir, labels_of, write_data
from safetensors.torch import load_file, save_file
from toy_stage import stage

from xstilts.errors import UserError
from xstilts.models.adapters import linear_layers
from xstilts.models.bert import BertEncoder
from xstilts.models.encoder import (
    build_encoder,
    hidden_states,
    load_encoder,
    max_positions,
    save_encoder,
)
from xstilts.models.packed import use_packing
from xstilts.tokens.batches import collate, model_inputs, read_sequences
from xstilts.tokens.prepare import prepare_tokens
from xstilts.tokens.store import TokenTable
from xstilts.training import pruning
from xstilts.training.vocabulary import prune_vocabulary, used_token_ids

SHAPE = {
    "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 40, "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0, "initializer_range": 0.2,
}  # fmt: skip
# module, prefix of the classes, class that is published, further configuration
TYPES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "bert": ("bert.modeling_bert", "Bert", "ForPreTraining", {"pad_token_id": 0}),
    # a vocabulary of XLM-R with BERT's positions, as in multilingual-e5-small
    "bert, padding 1": ("bert.modeling_bert", "Bert", "ForMaskedLM", {"pad_token_id": 1}),
    "electra": (
        "electra.modeling_electra", "Electra", "ForPreTraining", {"embedding_size": 16},
    ),
    "electra, wide": (
        "electra.modeling_electra", "Electra", "ForMaskedLM", {"embedding_size": 32},
    ),
    "roberta": ("roberta.modeling_roberta", "Roberta", "ForMaskedLM", {}),
    "xlm-roberta": (
        "xlm_roberta.modeling_xlm_roberta", "XLMRoberta", "ForMaskedLM", {"type_vocab_size": 1},
    ),
    "camembert": ("camembert.modeling_camembert", "Camembert", "ForMaskedLM", {}),
    "data2vec-text": ("data2vec.modeling_data2vec_text", "Data2VecText", "ForMaskedLM", {}),
}  # fmt: skip


def published(name: str, folder: Path, **more: Any) -> Path:
    """Write a random checkpoint as published, with the head of pretraining."""
    module, prefix, head, changes = TYPES[name]
    modeling = importlib.import_module(f"transformers.models.{module}")
    config_class = getattr(modeling, f"{prefix}Config")
    torch.manual_seed(0)
    model = getattr(modeling, f"{prefix}{head}")(config_class(**{**SHAPE, **changes, **more}))
    # zero biases, unit norms and zero rows would hide mistakes
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, mean=0.5, std=0.1)
    model.save_pretrained(folder)
    return folder


def theirs(folder: Path, name: str) -> Any:
    """Load the encoder by transformers."""
    module, prefix, *_ = TYPES[name]
    model_class = getattr(
        importlib.import_module(f"transformers.models.{module}"), f"{prefix}Model"
    )
    options = {} if name.startswith("electra") else {"add_pooling_layer": False}
    return model_class.from_pretrained(folder, **options)


def batch(model: Any) -> dict[str, torch.Tensor]:
    """Two padded sequences, with token types where the model has them."""
    pad = model.config.pad_token_id
    ids = torch.tensor([[2, 7, 8, 9, 3, 11, 3], [2, 9, 30, 3, pad, pad, pad]])
    inputs = {"input_ids": ids, "attention_mask": (ids != pad).long()}
    if model.config.type_vocab_size > 1:
        inputs["token_type_ids"] = torch.tensor([[0, 0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 0, 0, 0]])
    return inputs


def gradients(model: Any, hidden: torch.Tensor) -> dict[str, torch.Tensor | None]:
    """Gradients of a loss of the real tokens' hidden states, by the name of the weight."""
    weights = torch.linspace(-1, 1, hidden.numel()).view_as(hidden)
    (hidden * weights).sum().backward()
    return {key: parameter.grad for key, parameter in model.named_parameters()}


def require_close(ones: dict[str, Any], others: dict[str, Any]) -> None:
    assert ones.keys() == others.keys()
    for key, gradient in ones.items():
        assert gradient is not None, key
        torch.testing.assert_close(gradient, others[key], rtol=1e-4, atol=2e-5, msg=key)


@pytest.mark.parametrize("name", TYPES)
def test_outputs_and_gradients_are_those_of_transformers(tmp_path: Path, name: str) -> None:
    folder = published(name, tmp_path)
    ours, other = load_encoder(folder).train(), theirs(folder, name).train()
    assert isinstance(ours, BertEncoder)
    assert linear_layers(ours) == linear_layers(other)
    inputs = batch(ours)
    real = inputs["attention_mask"].bool()
    expected = other(**inputs, output_hidden_states=True).hidden_states
    found = hidden_states(ours, inputs, every_layer=True)
    assert len(found) == len(expected)
    for own, layer in zip(found, expected, strict=True):
        torch.testing.assert_close(own[real], layer[real], rtol=1e-5, atol=2e-6)
    reference = gradients(other, expected[-1][real])
    require_close(gradients(ours, found[-1][real]), reference)
    packed = load_encoder(folder).train()
    use_packing(packed)
    last = hidden_states(packed, inputs)[-1][real]
    torch.testing.assert_close(last, expected[-1][real], rtol=1e-5, atol=2e-6)
    require_close(gradients(packed, last), reference)


@pytest.mark.parametrize("name", TYPES)
def test_a_saved_model_is_read_by_transformers(tmp_path: Path, name: str) -> None:
    from transformers import AutoModel

    ours = load_encoder(published(name, tmp_path / "published")).eval()
    (tmp_path / "saved").mkdir()
    save_encoder(ours, tmp_path / "saved")
    other = AutoModel.from_pretrained(tmp_path / "saved").eval()
    inputs = batch(ours)
    real = inputs["attention_mask"].bool()
    with torch.inference_mode():
        found, expected = (model(**inputs).last_hidden_state[real] for model in (ours, other))
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=2e-6)
    for key, tensor in load_encoder(tmp_path / "saved").state_dict().items():
        assert torch.equal(tensor, ours.state_dict()[key]), key


@pytest.mark.parametrize("name", ["bert", "electra", "roberta"])
def test_the_longest_sequence_has_positions(tmp_path: Path, name: str) -> None:
    model = load_encoder(published(name, tmp_path)).eval()
    longest = max_positions(model)
    assert longest == (38 if name == "roberta" else 40)
    for length, fits in ((longest, True), (longest + 1, False)):
        ids = torch.full((1, length), 7)
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if fits:
            hidden_states(model, inputs)
        else:
            with pytest.raises((IndexError, RuntimeError)):
                hidden_states(model, inputs)


def test_old_names_of_norms_are_read(tmp_path: Path) -> None:
    """As in google-bert/bert-base-multilingual-cased, converted from TensorFlow."""
    folder = published("bert", tmp_path)
    before = load_encoder(folder).state_dict()
    weights = load_file(folder / "model.safetensors")
    old = {
        key.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for key, tensor in weights.items()
    }
    assert old.keys() != weights.keys()
    save_file(old, folder / "model.safetensors", metadata={"format": "pt"})
    for key, tensor in load_encoder(folder).state_dict().items():
        assert torch.equal(tensor, before[key]), key


@pytest.mark.parametrize("parts", [False, True])
def test_other_formats_of_weights_give_the_same_encoder(tmp_path: Path, *, parts: bool) -> None:
    folder = published("bert", tmp_path / "one")
    other = tmp_path / "other"
    if parts:
        theirs(folder, "bert").save_pretrained(other, max_shard_size="20KB")
        assert len(list(other.glob("*.safetensors"))) > 1
    else:
        other.mkdir()
        (other / "config.json").write_bytes((folder / "config.json").read_bytes())
        weights = load_file(folder / "model.safetensors")
        torch.save(weights, other / "pytorch_model.bin")
    one, found = load_encoder(folder), load_encoder(other)
    assert isinstance(found, BertEncoder)
    for key, tensor in found.state_dict().items():
        assert torch.equal(tensor, one.state_dict()[key]), key
    assert all(parameter.requires_grad for parameter in found.parameters())


def test_a_single_token_type_serves_all_texts() -> None:
    """Tokenizers of BERT number both texts; klue/roberta-base, for example, has one type."""
    model = build_encoder({**ARCHITECTURE, "vocab_size": 50}).eval()
    inputs = {"input_ids": torch.tensor([[0, 7, 2, 8, 2]]), "attention_mask": torch.ones(1, 5)}
    types = torch.tensor([[0, 0, 0, 1, 1]])
    with torch.inference_mode():
        found, expected = (model(**given).last_hidden_state for given in (
            {**inputs, "token_type_ids": types}, inputs,
        ))  # fmt: skip
    assert torch.equal(found, expected)


@pytest.mark.parametrize("name", ["bert", "electra"])
@pytest.mark.parametrize("padding_free", [False, True])
def test_a_stage_trains_the_same_with_pruned_rows(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, *, padding_free: bool
) -> None:
    """The model's padding id is 0, its tokenizer's 1, as in multilingual-e5-small."""
    start = published(name, tmp_path / "start", vocab_size=600, max_position_embeddings=64)
    plan = {"max_grad_norm": 0.0, "weight_decay": 0.0, "max_steps": 2}
    for out, least in (("rows", 1), ("all", 1 << 60)):
        monkeypatch.setattr(pruning, "MIN_SAVED", least)
        stage(tmp_path, start=start, out=out, padding_free=padding_free, **plan)
    rows, every = (load_file(tmp_path / out / "model.safetensors") for out in ("rows", "all"))
    before = load_encoder(start).embeddings.word_embeddings.weight
    changed = (every["embeddings.word_embeddings.weight"] != before).any(1).sum()
    assert 10 < changed < 300
    assert rows.keys() == every.keys()
    for key, tensor in every.items():
        assert torch.equal(rows[key], tensor), key


def test_tokens_cannot_be_predicted_from_embeddings_of_another_size(tmp_path: Path) -> None:
    start = published("electra", tmp_path / "start", vocab_size=600, max_position_embeddings=64)
    with pytest.raises(UserError, match="electra model have size 16, its hidden states 32"):
        stage(tmp_path, ("mlm",), start=start)


def test_rows_of_a_wordpiece_vocabulary_are_pruned(tmp_path: Path) -> None:
    """As mBERT and LaBSE: token types, special tokens first, padding 0 in model and tokenizer."""
    (tmp_path / "tokenizer").mkdir()
    rows = [{"id": "1", "text_a": "a b a", "text_b": "b", "label": "good"},
            {"id": "2", "text_a": "b", "text_b": "a", "label": "good"}]  # fmt: skip
    data = write_data(tmp_path / "data.parquet", "classification", rows)
    prepare_tokens(
        data, tmp_path / "tokens.arrow", kind="classification", labels=labels_of("classification"),
        tokenizer_dir=bert_dir(tmp_path / "tokenizer"), max_length=48, doc_stride=8,
    )  # fmt: skip
    table = TokenTable.open(tmp_path / "tokens.arrow")
    used = used_token_ids([table])
    # [PAD], [CLS], [SEP], a, b
    assert used.tolist() == [0, 2, 3, 5, 6]
    sequences = read_sequences([table], [(0, 0), (0, 1)])
    inputs = model_inputs(collate(sequences, slice(None), torch.device("cpu")))
    assert inputs["token_type_ids"].unique().tolist() == [0, 1]
    folder = published("bert", tmp_path / "model", hidden_size=128, vocab_size=40_000)
    whole, encoder = load_encoder(folder).eval(), load_encoder(folder).eval()
    pruned = prune_vocabulary(encoder, used)
    assert pruned is not None
    assert len(encoder.get_input_embeddings().weight) == 5
    with torch.inference_mode():
        found, expected = (hidden_states(model, inputs)[-1] for model in (encoder, whole))
    assert torch.equal(found, expected)
