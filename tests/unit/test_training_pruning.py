"""Which rows of the embeddings are trained, in every family and by several processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from engine_world import ARCHITECTURE, make_tokens
from process_group_world import stage as group_stage
from process_group_world import stages, together
from safetensors.torch import load_file
from test_models_families import FAMILIES, published
from test_training_vocabulary import (
    LARGE,
    MATRIX,
    VOCAB_SIZE,
)

from xstilts.models.encoder import hidden_states, load_encoder
from xstilts.tokens.store import TokenTable
from xstilts.training import pruning
from xstilts.training.vocabulary import prune_vocabulary, used_token_ids

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("share", "pruned"), [(0.3, True), (0.6, False)])
def test_pruning_must_be_worthwhile(share: float, pruned: bool) -> None:
    from xstilts.models.encoder import build_encoder

    large = build_encoder(LARGE)
    found = prune_vocabulary(large, np.arange(int(share * VOCAB_SIZE)))
    assert (found is not None) == pruned
    small = build_encoder({**ARCHITECTURE, "vocab_size": 2000})
    assert prune_vocabulary(small, np.arange(100)) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_computes_the_same_with_pruned_rows(
    tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MIN_SAVED", 1)
    folder = published(family, tmp_path)
    whole, encoder = load_encoder(folder).eval(), load_encoder(folder).eval()
    ids = torch.tensor([[0, 9, 8, 30, 2], [0, 30, 2, 1, 1]])
    inputs = {"input_ids": ids, "attention_mask": (ids != 1).long()}
    pruned = prune_vocabulary(encoder, np.unique(ids))
    assert pruned is not None
    assert len(encoder.get_input_embeddings().weight) == 6
    first, second = (hidden_states(model, inputs)[-1] for model in (whole, encoder))
    assert torch.equal(first, second)
    first.sum().backward()
    second.sum().backward()
    gradients = [model.get_input_embeddings().weight.grad for model in (whole, encoder)]
    assert torch.equal(gradients[0][pruned.token_ids_R], gradients[1])
    pruned.restore(1.0)
    before, after = whole.state_dict(), encoder.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    assert encoder.get_input_embeddings().padding_idx == whole.get_input_embeddings().padding_idx
    assert torch.equal(hidden_states(encoder, inputs)[-1], first)


def test_a_matrix_tied_to_an_output_layer_is_not_pruned() -> None:
    from xstilts.models.encoder import build_encoder

    encoder = build_encoder(LARGE)
    encoder.output = torch.nn.Linear(32, VOCAB_SIZE)
    assert prune_vocabulary(encoder, np.arange(9)) is not None
    encoder = build_encoder(LARGE)
    encoder.output = torch.nn.Linear(32, VOCAB_SIZE)
    encoder.output.weight = encoder.get_input_embeddings().weight
    assert prune_vocabulary(encoder, np.arange(9)) is None


def test_a_pruned_token_is_an_error() -> None:
    from xstilts.models.encoder import build_encoder

    encoder = build_encoder(LARGE)
    assert prune_vocabulary(encoder, np.arange(9)) is not None
    ids = torch.tensor([[0, 9, 2]])
    with pytest.raises(IndexError):
        hidden_states(encoder, {"input_ids": ids, "attention_mask": torch.ones_like(ids)})


def test_used_tokens_are_those_of_the_examples(tmp_path: Path) -> None:
    table = TokenTable.open(make_tokens(tmp_path, "classification", 40)[1])
    for part in (table, table.head(3), table.head(1)):
        every = {int(token) for row in range(len(part)) for token in part.ids(row)}
        assert used_token_ids([part]).tolist() == sorted(every | {table.metadata["pad_id"]})
    assert len(used_token_ids([table.head(1)])) < len(used_token_ids([table]))
    assert used_token_ids([table.head(1), table]).tolist() == used_token_ids([table]).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["ddp", pytest.param("fsdp", marks=pytest.mark.full)])
def test_several_processes_train_the_same_rows(tmp_path: Path, mode: Any) -> None:
    tokens = str(make_tokens(tmp_path, "classification", 50)[1])
    common = {
        "folder": str(tmp_path), "start": {**LARGE, "dropout": 0.0},
        "tokens": {"classification": tokens}, "recipe": {"adam_epsilon": 1e-3},
    }  # fmt: skip
    # two processes stop, and one resumes from their state
    stopped = {"out": "passed-on", "run": {"stop_after": 2}}
    wanted = [{**common, "out": "together", "run": {}}, {**common, **stopped}]
    together(stages, {"stages": wanted}, mode)
    group_stage({**common, "out": "alone"})
    assert group_stage({**common, "out": "passed-on"})["resumed_at"] == 2
    alone = load_file(tmp_path / "alone/model.safetensors")
    assert len(alone[MATRIX]) == VOCAB_SIZE
    for out in ("together", "passed-on"):
        other = load_file(tmp_path / out / "model.safetensors")
        for name, tensor in alone.items():
            torch.testing.assert_close(tensor, other[name], atol=2e-6, rtol=0, msg=name)
