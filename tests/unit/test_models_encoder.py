"""Loading and saving of encoders, complete or with an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_world import ARCHITECTURE
from safetensors.torch import load_file, save_file

from xstilts.errors import UserError
from xstilts.models.encoder import (
    build_encoder,
    check_fit,
    hidden_states,
    load_encoder,
    max_positions,
    save_encoder,
)

Weights = dict[str, torch.Tensor]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_encoder(build_encoder({**ARCHITECTURE, "vocab_size": 50}), tmp_path)
    return tmp_path


def rewrite(folder: Path, change: Any) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file(change(weights), folder / "model.safetensors", metadata={"format": "pt"})


def test_saved_and_loaded_weights_are_the_same(folder: Path) -> None:
    torch.manual_seed(0)
    built = build_encoder({**ARCHITECTURE, "vocab_size": 50})
    loaded = load_encoder(folder)
    assert built.state_dict().keys() == loaded.state_dict().keys()
    for name, tensor in built.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name]), name
        assert loaded.state_dict()[name].dtype == torch.float32


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    first = (folder / "model.safetensors").read_bytes()
    torch.manual_seed(0)
    save_encoder(build_encoder({**ARCHITECTURE, "vocab_size": 50}), folder)
    assert (folder / "model.safetensors").read_bytes() == first
    torch.manual_seed(1)
    save_encoder(build_encoder({**ARCHITECTURE, "vocab_size": 50}), folder)
    assert (folder / "model.safetensors").read_bytes() != first


def test_automodel_loads_the_folder_with_the_same_output(folder: Path) -> None:
    from transformers import AutoModel

    inputs = {
        "input_ids": torch.tensor([[0, 7, 8, 2], [0, 9, 2, 1]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]),
    }
    ours, theirs = load_encoder(folder).eval(), AutoModel.from_pretrained(folder).eval()
    real = inputs["attention_mask"].bool()
    with torch.inference_mode():
        expected = theirs(**inputs, output_hidden_states=True).hidden_states
        layers = hidden_states(ours, inputs, every_layer=True)
        last = hidden_states(ours, inputs)[-1]
    assert len(layers) == len(expected) == ARCHITECTURE["num_layers"] + 1
    for own, other in zip(layers, expected, strict=True):
        torch.testing.assert_close(own[real], other[real], rtol=1e-5, atol=1e-6)
    assert torch.equal(last, layers[-1])


def test_gradients_are_those_of_transformers(folder: Path) -> None:
    from transformers import AutoModel

    inputs = {
        "input_ids": torch.tensor([[0, 7, 8, 2], [0, 9, 2, 1]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]),
    }
    gradients = []
    for model in (load_encoder(folder), AutoModel.from_pretrained(folder, add_pooling_layer=False)):
        model.eval()
        model(**inputs).last_hidden_state[:, 0].square().sum().backward()
        gradients.append({name: p.grad for name, p in model.named_parameters()})
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-4, atol=1e-5, msg=name)


def test_a_published_masked_lm_checkpoint_loads(folder: Path) -> None:
    def published(weights: Weights) -> Weights:
        renamed = {f"roberta.{name}": tensor for name, tensor in weights.items()}
        return renamed | {
            "lm_head.bias": torch.zeros(50),
            "lm_head.decoder.weight": torch.zeros(50, 32),
            "roberta.pooler.dense.weight": torch.zeros(32, 32),
        }

    before = load_encoder(folder).state_dict()
    rewrite(folder, published)
    for name, tensor in load_encoder(folder).state_dict().items():
        assert torch.equal(tensor, before[name]), name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: {f"xlm-roberta.{n}": t for n, t in w.items()}, "37 missing.*37 unexpected"),
        (
            lambda w: {n: t for n, t in w.items() if n != "encoder.layer.1.output.dense.bias"},
            r"1 missing: encoder\.layer\.1\.output\.dense\.bias",
        ),
        (lambda w: w | {"encoder.layer.7.output.dense.bias": torch.zeros(32)}, "1 unexpected"),
        (
            lambda w: w | {"embeddings.word_embeddings.weight": torch.zeros(40, 32)},
            "1 of another shape: embeddings.word_embeddings.weight",
        ),
    ],
    ids=["wrong prefix", "missing", "unexpected", "shape"],
)
def test_an_incomplete_checkpoint_is_an_error(folder: Path, change: Any, message: str) -> None:
    rewrite(folder, change)
    with pytest.raises(UserError, match=message):
        load_encoder(folder)


def test_a_folder_without_weights_is_an_error(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match="the model cannot be loaded"):
        load_encoder(folder)


def test_positions_are_counted_as_in_xlmr(folder: Path) -> None:
    model = load_encoder(folder).eval()
    assert max_positions(model) == ARCHITECTURE["max_length"] == 64
    ids = torch.full((1, 64), 7)
    with torch.inference_mode():
        hidden_states(model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)})
    check_fit(model, Path("x.arrow"), 64, 50)
    with pytest.raises(UserError, match=r"x\.arrow: a sequence of 65"):
        check_fit(model, Path("x.arrow"), 65, 50)
    with pytest.raises(UserError, match="vocabulary of 51"):
        check_fit(model, Path("x.arrow"), 64, 51)


def test_bert_folders_load(tmp_path: Path) -> None:
    from transformers.models.bert.modeling_bert import BertConfig, BertModel

    config = BertConfig(
        vocab_size=30, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=40,
    )  # fmt: skip
    model = BertModel(config)
    model.save_pretrained(tmp_path)
    loaded = load_encoder(tmp_path)
    assert max_positions(loaded) == 40
    assert torch.equal(
        loaded.embeddings.word_embeddings.weight, model.embeddings.word_embeddings.weight
    )
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "bert"
