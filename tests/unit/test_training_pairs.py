"""Dual encoders: pairs, the loss over a whole batch, and its gradient over micro-batches."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE, make_tokens, recipe, rows_of, runtime

from xstilts.errors import Interrupted, UserError
from xstilts.models.head_ranking import INITIAL_SCALE, Head
from xstilts.models.heads import HeadSpec, load_head
from xstilts.prediction.options import PredictOptions
from xstilts.tokens.store import TokenTable
from xstilts.training import cached_gradient, loop, optimiser
from xstilts.training.pairs import PairSampler
from xstilts.training.sampler import TrainingSet
from xstilts.training.selection import DevSet, Selection

SPECS = {"ranking": HeadSpec(kind="ranking")}
WHOLE, TINY = 100_000, 1
"""Tokens per micro-batch: the whole batch at once, or each text by itself."""


def sampler_of(tokens: list[Path], batch_size: int = 8, **changes: Any) -> PairSampler:
    members = [
        TrainingSet(task="ranking", language=f"l{i}", tokens=p) for i, p in enumerate(tokens)
    ]
    tables = [TokenTable.open(path) for path in tokens]
    return PairSampler(
        task="ranking", members=members, tables=tables, batch_size=batch_size, seed=1,
        sorted_batches=1, max_examples=changes.get("max_examples", 0),
    )  # fmt: skip


def texts_of(sampler: PairSampler, draw: int) -> list[tuple[int, int]]:
    """(side, key) of the texts of a batch."""
    return [
        (int(sampler.tables[t].column("side")[row]), int(sampler.tables[t].column("key")[row]))
        for t, row in sampler.sequences(sampler.batch(draw))
    ]


# --- batches ------------------------------------------------------------------------------------


def test_an_epoch_has_each_query_once_with_its_candidate_once_a_batch(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "ranking", 96)
    sampler = sampler_of([tokens])
    assert len(sampler) == 64
    asked = []
    for draw in range(8):
        found = texts_of(sampler, draw)
        queries = [key for side, key in found if side == 1]
        candidates = [key for side, key in found if side == 0]
        assert len(queries) == 8
        assert len(set(candidates)) == len(candidates)
        assert set(candidates) == set(queries)
        lengths = [
            int(sampler.tables[t].lengths[r]) for t, r in sampler.sequences(sampler.batch(draw))
        ]
        assert lengths == sorted(lengths, reverse=True)
        asked += [row for _, row in sampler.sequences(sampler.batch(draw)) if row % 3]
    assert sorted(asked) == [row for row in range(96) if row % 3]


def test_two_training_sets_share_a_candidate(tmp_path: Path) -> None:
    rows = rows_of("ranking", 24, 1)
    (tmp_path / "b").mkdir()
    paths = [make_tokens(folder, "ranking", rows=rows)[1] for folder in (tmp_path, tmp_path / "b")]
    sampler = sampler_of(paths, batch_size=32)
    found = texts_of(sampler, 0)
    assert sum(side == 1 for side, _ in found) == 32
    assert sum(side == 0 for side, _ in found) == 8


def test_max_train_examples_counts_pairs(tmp_path: Path) -> None:
    sampler = sampler_of([make_tokens(tmp_path, "ranking", 96)[1]], max_examples=5)
    assert list(sampler.row) == [1, 2, 4, 5, 7]
    assert list(sampler.candidate) == [0, 0, 3, 3, 6]


def test_bad_pairs_are_named(tmp_path: Path) -> None:
    rows = rows_of("ranking", 12, 1)
    cases = {
        "the right candidate of example 1 is not": [rows[3], rows[1]],
        "candidate 2 occurs twice": [rows[0], rows[1], rows[0]],
        "no pairs to train on": [rows[0], rows[3]],
    }
    for number, (message, broken) in enumerate(cases.items()):
        _, tokens = make_tokens(tmp_path, "ranking", seed=number, rows=broken)
        with pytest.raises(UserError, match=message):
            sampler_of([tokens])


# --- loss and gradient --------------------------------------------------------------------------


def test_loss_is_the_softmax_over_the_batch_by_definition() -> None:
    torch.manual_seed(0)
    head = Head(6, 0, 10, 0.0).requires_grad_(False)
    assert head.scale.item() == INITIAL_SCALE
    head.scale.fill_(3.0)
    hidden, mask = torch.randn(5, 3, 6), torch.ones(5, 3, dtype=torch.long)
    # two queries of candidate 7, one of candidate -4, in no order
    targets = {
        "attention_mask": mask,
        "side": torch.tensor([1, 0, 1, 0, 1]),
        "key": torch.tensor([7, -4, -4, 7, 7]),
    }
    loss, count = head.loss(hidden, targets, torch.empty(0))
    vectors = torch.tanh(hidden[:, 0] @ head.dense.weight.T + head.dense.bias)
    vectors = vectors / vectors.norm(dim=1, keepdim=True)
    wanted = 0.0
    for query, right in ((0, 3), (2, 1), (4, 3)):
        logits = {c: 3.0 * float(vectors[query] @ vectors[c]) for c in (1, 3)}
        wanted -= logits[right] - math.log(sum(math.exp(value) for value in logits.values()))
    assert count == 3
    assert loss.item() == pytest.approx(wanted, rel=1e-5)


def gradients_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, max_tokens: int, **changes: Any
) -> tuple[dict[str, torch.Tensor], Any]:
    """Return the gradients of the first step before clipping, and its row of the history."""
    _, tokens = make_tokens(tmp_path, "ranking", 48)
    architecture = ARCHITECTURE | {"dropout": changes.pop("dropout", 0.0)}
    run = runtime(tmp_path, max_tokens=max_tokens, **changes.pop("run", {}))
    trainer = loop._Trainer(
        architecture, [TrainingSet(task="ranking", language="en", tokens=tokens)], SPECS,
        recipe(max_steps=1, **changes), 1, run, None,
    )  # fmt: skip
    with torch.no_grad():
        # a fresh encoder has nearly equal vectors for all texts, and gradients of rounding errors
        for parameter in trainer.model.encoder.parameters():
            parameter.mul_(5 if parameter.ndim > 1 else 1)
    found: dict[str, torch.Tensor] = {}

    def caught(*arguments: Any) -> torch.Tensor:
        for module in trainer.model.modules():
            for name, parameter in module.named_parameters():
                found[name] = parameter.grad.clone()
        return optimiser.optimiser_step(*arguments)

    monkeypatch.setattr(loop, "optimiser_step", caught)
    return found, trainer._step(0, 0, 0)


@pytest.mark.parametrize("max_tokens", [TINY, 40, 120])
@pytest.mark.parametrize("changes", [{}, {"padding_free": True}, {"label_smoothing": 0.1}], ids=str)
def test_gradient_does_not_depend_on_the_split(tmp_path, monkeypatch, max_tokens, changes):
    whole, one = gradients_of(tmp_path, monkeypatch, WHOLE, **changes)
    split, step = gradients_of(tmp_path, monkeypatch, max_tokens, **changes)
    assert step.loss.item() == pytest.approx(one.loss.item(), rel=1e-5)
    assert whole.keys() == split.keys()
    assert whole["scale"].abs() > 1e-3
    for name, gradient in whole.items():
        torch.testing.assert_close(split[name], gradient, rtol=1e-3, atol=2e-4, msg=name)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_dropout_masks_are_the_same_in_the_second_forward_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpointing: bool
) -> None:
    """Compare with one graph over all micro-batches, with masks drawn in the same order."""
    run = {"gradient_checkpointing": checkpointing}
    split, step = gradients_of(tmp_path, monkeypatch, 60, dropout=0.3, run=run)

    def in_one_graph(head: Any, micro_batches: Any) -> Any:
        everything = [(head(h, t["attention_mask"]), t) for h, t in micro_batches]
        targets = {
            name: torch.cat([t[name] for _, t in everything]) for name in head.scalar_targets
        }
        total, terms = head.contrastive_loss(torch.cat([v for v, _ in everything]), targets)
        total.backward()
        reports = iter([(total.detach(), terms)])

        def loss(hidden: torch.Tensor, *_: Any) -> tuple[torch.Tensor, int]:
            value, count = next(reports, (torch.zeros(()), 0))
            return value + 0 * hidden.sum(), count

        return loss

    monkeypatch.setattr(cached_gradient, "split_loss", in_one_graph)
    whole, one = gradients_of(tmp_path, monkeypatch, 60, dropout=0.3, run=run)
    assert step.loss.item() == pytest.approx(one.loss.item(), rel=1e-5)
    for name, gradient in whole.items():
        torch.testing.assert_close(split[name], gradient, rtol=1e-3, atol=2e-4, msg=name)
    independent, _ = gradients_of(tmp_path, monkeypatch, 60)
    assert not torch.allclose(independent["dense.weight"], whole["dense.weight"], rtol=0.1)


# --- stages -------------------------------------------------------------------------------------


def dev_set(folder: Path) -> DevSet:
    data, tokens = make_tokens(folder, "ranking", 60, seed=9)
    return DevSet(
        task="ranking", language="en", metric="map_at_20", options=PredictOptions(),
        tokens=tokens, data=data,
    )  # fmt: skip


@pytest.mark.slow
def test_a_dual_encoder_learns_to_rank_unseen_pairs(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "ranking", 900)
    settings = recipe(epochs=12.0, batch_size=32, eval_steps=20, patience=0, learning_rate=2e-3)
    run = runtime(tmp_path, max_tokens=400)
    selection = Selection([dev_set(tmp_path)], SPECS, settings, run)
    member = TrainingSet(task="ranking", language="en", tokens=tokens)
    result = loop.train(
        ARCHITECTURE, [member], SPECS, settings, seed=1, out_dir=tmp_path / "model",
        runtime=run, selection=selection,
    )  # fmt: skip
    dev = pq.read_table(tmp_path / "model/selection.parquet").to_pylist()
    assert {row["metric"] for row in dev} == {"map_at_20"}
    # 40 queries, 20 candidates: by chance the mean reciprocal rank is 18; processors end between 44
    # and 55
    assert result.dev_score is not None
    assert result.dev_score > 36
    assert result.dev_score == max(row["value"] for row in dev)
    head = load_head(tmp_path / "model", "ranking", type("Config", (), {
        "hidden_size": 32, "vocab_size": 10, "model_type": "xlm-roberta"}))  # fmt: skip
    assert head.scale.item() != INITIAL_SCALE


def test_an_interrupted_stage_ends_in_the_same_bits(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "ranking", 96)
    member = TrainingSet(task="ranking", language="en", tokens=tokens)
    run = runtime(tmp_path, max_tokens=100)

    def trained(out: str, how: Any) -> bytes:
        (tmp_path / out).mkdir(exist_ok=True)
        loop.train(
            ARCHITECTURE, [member], SPECS, recipe(epochs=2.0), seed=1, out_dir=tmp_path / out,
            runtime=how,
        )  # fmt: skip
        return (tmp_path / out / "heads.safetensors").read_bytes()

    straight = trained("a", dataclasses.replace(run, state_dir=tmp_path / "other"))
    with pytest.raises(Interrupted):
        trained("b", dataclasses.replace(run, stop_after=3))
    assert trained("b", run) == straight
