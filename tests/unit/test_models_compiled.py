"""Compiled layers equal the eager layers at every length, without recompilation."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from test_models_packed import batch, encoder
from test_training_loop import NO_DROPOUT
from test_training_options import STUDY, grid_of
from toy_stage import stage

from xstilts.errors import UserError
from xstilts.grid import identities
from xstilts.models import compiled, packed

CPU = torch.device("cpu")
needs_compiler = pytest.mark.skipif(
    shutil.which("g++") is None, reason="programs for a CPU need a compiler of C++"
)
LENGTHS = ([9, 7, 7, 3, 1], [12, 4, 2], [5, 5], [64, 1, 63, 64], [31, 30, 30, 8], [17, 17, 17])


@pytest.mark.full
@needs_compiler
def test_outputs_and_gradients_are_those_of_the_layers_for_many_lengths() -> None:
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    plain, quick = encoder(), encoder()
    compiled.use_compiler(quick, CPU)
    for lengths in LENGTHS:
        ids, mask = batch(lengths)
        real = mask.bool()
        weights = torch.randn(int(real.sum()), NO_DROPOUT["hidden_size"])
        found: list[Any] = []
        for model in (plain, quick):
            model.zero_grad()
            last = model(ids, mask).last_hidden_state[real]
            (last * weights).sum().backward()
            found.append((last, {n: p.grad for n, p in model.named_parameters()}))
        torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-5, atol=1e-5)
        for name, gradient in found[0][1].items():
            assert gradient is not None, name
            torch.testing.assert_close(gradient, found[1][1][name], rtol=1e-4, atol=1e-4, msg=name)
    # six lengths, two layers: one graph with a mask and one without
    assert counters["stats"]["unique_graphs"] == 2
    ids, mask = batch(LENGTHS[0])
    with torch.inference_mode():
        states = [model.eval()(ids, mask).last_hidden_state for model in (plain, quick)]
    # evaluation uses the eager layers, bit for bit
    assert torch.equal(*states)
    assert counters["stats"]["unique_graphs"] == 2
    assert plain.state_dict().keys() == quick.state_dict().keys()


@pytest.mark.slow
@needs_compiler
def test_a_stage_trains_the_same_and_reproducibly(tmp_path: Path) -> None:
    plan = {"epochs": 0.5, "adam_epsilon": 1e-3}
    for out, used in (("plain", False), ("compiled", True)):
        stage(tmp_path, out=out, start=NO_DROPOUT, compile=used, **plan)
    plain, quick = (load_file(tmp_path / o / "model.safetensors") for o in ("plain", "compiled"))
    for name, tensor in plain.items():
        torch.testing.assert_close(tensor, quick[name], rtol=0, atol=2e-6, msg=name)
    # with dropout, whose masks depend on the step alone, also with gradient checkpointing
    for out, again in (("once", False), ("twice", False), ("again", True)):
        stage(tmp_path, out=out, compile=True, run={"gradient_checkpointing": again}, **plan)
    once, twice, again = (
        (tmp_path / out / "model.safetensors").read_bytes() for out in ("once", "twice", "again")
    )
    assert once == twice
    assert once == again


def test_models_that_cannot_be_compiled_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.models.bert.modeling_bert import BertConfig, BertModel

    config = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, vocab_size=9)
    with pytest.raises(UserError, match=r"compile.*found model_type bert"):
        compiled.use_compiler(BertModel(config), CPU)
    without_padding = encoder()
    packed.use_packing(without_padding)
    with pytest.raises(UserError, match="cannot be combined with padding_free"):
        compiled.use_compiler(without_padding, CPU)
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UserError, match=r"no C\+\+ compiler no-such-compiler"):
        compiled.use_compiler(encoder(), CPU)


def test_compiling_is_part_of_an_identity_if_it_is_used(tmp_path: Path) -> None:
    text = STUDY.replace("targets:", "recipes:\n  all: {compile: true}\ntargets:")
    for study, used in ((STUDY, False), (text, True)):
        identity = identities.model(grid_of(tmp_path, study), "mini", 1, "mnli", None)
        assert identity["recipe"]["compile"] is used
        assert ("xstilts.models.compiled" in identity["code"]) is used
