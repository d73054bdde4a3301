"""mDeBERTa-v3: its checkpoints, half precision, masks and table of relative positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers.models.deberta_v2.modeling_deberta_v2 import DebertaV2Config, DebertaV2Model

from xstilts.errors import UserError
from xstilts.models.dropout import Dropout
from xstilts.models.encoder import hidden_states, load_encoder
from xstilts.models.precision import autocast

# microsoft/mdeberta-v3-base in small; its config.json names no padding token
CONFIG = {
    "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 40, "relative_attention": True,
    "position_buckets": 8, "norm_rel_ebd": "layer_norm", "share_att_key": True,
    "pos_att_type": "p2c|c2p", "layer_norm_eps": 1e-7, "max_relative_positions": -1,
    "position_biased_input": False, "type_vocab_size": 0, "initializer_range": 0.2,
}  # fmt: skip
INPUTS = {
    "input_ids": torch.tensor([[1, 7, 8, 9, 2, 11, 2], [1, 9, 2, 0, 0, 0, 0]]),
    "attention_mask": torch.tensor([[1] * 7, [1, 1, 1, 0, 0, 0, 0]]),
    "token_type_ids": torch.tensor([[0, 0, 0, 0, 0, 1, 1], [0] * 7]),
}
REAL = INPUTS["attention_mask"].bool()


def published(folder: Path) -> Path:
    """Write a random checkpoint in half precision, with the parts that the released one has."""
    torch.manual_seed(0)
    model = DebertaV2Model(DebertaV2Config(**CONFIG))
    model.to(torch.float16).save_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    weights = {f"deberta.{name}": tensor for name, tensor in weights.items()}
    others = ("lm_predictions.lm_head.dense.weight", "mask_predictions.classifier.bias",
              "deberta.embeddings.word_embeddings._weight")  # fmt: skip
    weights |= {name: torch.zeros(3, 2) for name in others}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_the_released_checkpoint_is_read_whole(tmp_path: Path) -> None:
    folder = published(tmp_path)
    ours, theirs = load_encoder(folder).eval(), DebertaV2Model.from_pretrained(folder).eval()
    assert {parameter.dtype for parameter in ours.parameters()} == {torch.float32}
    theirs.float()
    found, expected = hidden_states(ours, INPUTS)[-1], theirs(**INPUTS).last_hidden_state
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=2e-6)
    # a weight of the encoder is still required
    weights = load_file(folder / "model.safetensors")
    del weights["deberta.encoder.rel_embeddings.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"1 missing: .*rel_embeddings"):
        load_encoder(folder)


@pytest.mark.parametrize("length", [1, 2, 7, 30])
def test_outputs_and_gradients_are_those_of_transformers(tmp_path: Path, length: int) -> None:
    """Of texts that are shorter and longer than the table of relative positions (2 x 8)."""
    folder = published(tmp_path)
    ids = torch.arange(3 * length).view(3, length) % 55 + 3
    mask = torch.ones_like(ids)
    mask[1, length // 2 + 1 :] = 0
    inputs, real = {"input_ids": ids, "attention_mask": mask}, mask.bool()
    found: list[Any] = []
    for model in (load_encoder(folder), DebertaV2Model.from_pretrained(folder).float()):
        model.eval()
        last = hidden_states(model, inputs)[-1][real]
        (last * torch.linspace(-1, 1, last.numel()).view_as(last)).sum().backward()
        found.append((last, {name: p.grad for name, p in model.named_parameters()}))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-5, atol=5e-6)
    assert found[0][1].keys() == found[1][1].keys()
    for name, gradient in found[0][1].items():
        torch.testing.assert_close(gradient, found[1][1][name], rtol=1e-4, atol=5e-5, msg=name)


def test_padding_gives_no_nan_in_bf16(tmp_path: Path) -> None:
    """Rows of padding are masked whole; fp16, where their softmax overflows, is not offered."""
    encoder = load_encoder(published(tmp_path)).train()
    for weight in encoder.parameters():
        weight.data.mul_(4)
    with autocast(torch.device("cpu"), "bf16"):
        hidden = hidden_states(encoder, INPUTS)[-1]
    hidden.float().square().sum().backward()
    assert hidden.isfinite().all()
    assert all(weight.grad.isfinite().all() for weight in encoder.parameters())


def test_dropout_is_the_projects(tmp_path: Path) -> None:
    encoder = load_encoder(published(tmp_path)).train()
    layers = [module for module in encoder.modules() if isinstance(module, torch.nn.Dropout)]
    assert layers
    assert all(isinstance(module, Dropout) and module.p == 0.1 for module in layers)
