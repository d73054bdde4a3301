"""Training without padding equals training with padding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from engine_world import ARCHITECTURE
from safetensors.torch import load_file
from test_training_loop import NO_DROPOUT
from toy_stage import stage

from xstilts.errors import UserError
from xstilts.models import packed
from xstilts.models.encoder import build_encoder

PAD = 1


def batch(lengths: list[int], seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return tokens and mask of sequences padded on the right."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.full((len(lengths), max(lengths)), PAD)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(5, 50, (length,), generator=generator)
    return ids, (ids != PAD).long()


def encoder(**changes: Any) -> Any:
    torch.manual_seed(0)
    model = build_encoder({**NO_DROPOUT, "vocab_size": 50, **changes}).train()
    # zero biases and unit norms would hide mistakes
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, mean=0.5, std=0.1)
    return model


@pytest.mark.parametrize(
    "lengths",
    [[9, 7, 7, 3, 1], [2, 9, 2, 9, 5, 2], [1, 2], [64, 1, 63, 64]],
    ids=["longest first", "any order", "short", "as long as the model allows"],
)
def test_outputs_and_gradients_are_those_with_padding(lengths: list[int]) -> None:
    ids, mask = batch(lengths)
    real = mask.bool()
    weights = torch.randn(int(real.sum()), ARCHITECTURE["hidden_size"])
    found = []
    for without in (False, True):
        model = encoder()
        if without:
            packed.use_packing(model)
        last = model(ids, mask).last_hidden_state
        (last[real] * weights).sum().backward()
        found.append((last[real], {n: p.grad for n, p in model.named_parameters()}))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-5, atol=2e-6)
    for name, gradient in found[0][1].items():
        assert gradient is not None, name
        torch.testing.assert_close(gradient, found[1][1][name], rtol=1e-4, atol=2e-5, msg=name)


def test_token_types_go_with_their_tokens() -> None:
    ids, mask = batch([6, 3])
    types = torch.tensor([[0, 0, 0, 1, 1, 1], [0, 1, 1, 0, 0, 0]])
    states = []
    for without in (False, True):
        torch.manual_seed(0)
        model = build_encoder({**NO_DROPOUT, "vocab_size": 50}).train()
        model.embeddings.token_type_embeddings = torch.nn.Embedding(2, NO_DROPOUT["hidden_size"])
        torch.nn.init.normal_(model.embeddings.token_type_embeddings.weight)
        if without:
            packed.use_packing(model)
        states.append(model(ids, mask, types).last_hidden_state[mask.bool()])
    torch.testing.assert_close(*states, rtol=1e-5, atol=2e-6)


def test_no_padding_is_computed() -> None:
    model = encoder()
    packed.use_packing(model)
    rows: list[int] = []
    model.layers[0].intermediate["dense"].register_forward_hook(
        lambda _module, inputs, _output: rows.append(inputs[0][..., 0].numel())
    )
    ids, mask = batch([40, 3, 3])
    model(ids, mask)
    model.eval()(ids, mask)
    # evaluation is sorted by length and uses the padded path, as prediction does
    assert rows == [46, 120]


@pytest.mark.parametrize("kind", ["classification", "tagging", "span", "multiple_choice", "mlm"])
def test_a_stage_trains_the_same(tmp_path: Path, kind: str) -> None:
    plan = {"epochs": 0.5, "adam_epsilon": 1e-3, "start": NO_DROPOUT}
    for out, without in (("with", False), ("without", True)):
        stage(tmp_path, (kind,), out=out, padding_free=without, **plan)
    for file in ("model.safetensors", "heads.safetensors"):
        reference, other = (load_file(tmp_path / out / file) for out in ("with", "without"))
        for name, tensor in reference.items():
            torch.testing.assert_close(tensor, other[name], rtol=0, atol=2e-6, msg=name)


def test_gradient_checkpointing_without_padding(tmp_path: Path) -> None:
    for out, again in (("kept", False), ("again", True)):
        stage(tmp_path, out=out, padding_free=True, run={"gradient_checkpointing": again})
    kept, again = ((tmp_path / out / "model.safetensors").read_bytes() for out in ("kept", "again"))
    assert kept == again


def test_other_architectures_are_refused() -> None:
    from transformers.models.bert.modeling_bert import BertConfig, BertModel

    config = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, vocab_size=9)
    with pytest.raises(UserError, match=r"padding_free.*found model_type bert"):
        packed.use_packing(BertModel(config))
