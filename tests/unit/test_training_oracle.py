"""The training loop against the recipe of Hugging Face's Trainer, step for step.

Trainer itself needs `accelerate`, which the project does not depend on. What it does is written out
here from its parts: transformers' models and losses, `get_scheduler`, torch's AdamW and clipping,
gradients accumulated over micro-batches. The order of the data is the sampler's.

One difference is meant: Trainer's warm-up starts at a rate of 0, so that its first step learns
nothing; ours is one step ahead until the peak, and the same from there on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE, labels_of, make_tokens, recipe, running
from transformers import XLMRobertaForSequenceClassification, XLMRobertaForTokenClassification
from transformers.optimization import get_scheduler

from xstilts.models.encoder import build_encoder, save_encoder
from xstilts.models.heads import HeadSpec
from xstilts.tokens.store import TokenTable
from xstilts.training.loop import train
from xstilts.training.sampler import Member, TaskSampler
from xstilts.training.setup import set_up

STEPS, BATCH, ACCUMULATE, SEED = 20, 16, 4, 1
PLAN = recipe(
    learning_rate=1e-3,
    batch_size=BATCH,
    max_steps=STEPS,
    warmup=0.25,
    weight_decay=0.1,
    # so small that most steps are clipped
    max_grad_norm=0.5,
    # AdamW's usual epsilon turns rounding errors of tiny gradients into whole steps
    adam_epsilon=1e-5,
)
MODELS = {
    "classification": XLMRobertaForSequenceClassification,
    "tagging": XLMRobertaForTokenClassification,
}


def reference(kind: str, folder: Path, tokens: Path) -> Any:
    """transformers' model with our initial weights: equal data must meet equal weights."""
    stage = set_up(
        folder,
        {kind: HeadSpec(kind=kind, labels=labels_of(kind))},
        vocab_size=TokenTable.open(tokens).metadata["vocab_size"],
        recipe=PLAN,
        seed=SEED,
        device=torch.device("cpu"),
    )
    model = MODELS[kind].from_pretrained(folder, num_labels=2, dtype=torch.float32)
    head = {name: tensor.detach() for name, tensor in stage.heads[kind].state_dict().items()}
    if kind == "classification":
        parts = {"dense": model.classifier.dense, "output": model.classifier.out_proj}
    else:
        parts = {"output": model.classifier}
    for name, layer in parts.items():
        with torch.no_grad():
            layer.weight.copy_(head[f"{name}.weight"])
            layer.bias.copy_(head[f"{name}.bias"])
    return model.train()


def trained_by_hand(
    kind: str, model: Any, tokens: Path, learning_rate: float = PLAN.learning_rate
) -> list[tuple[float, float]]:
    """(mean loss, gradient norm) of each step, by the parts that Trainer is made of."""
    table = TokenTable.open(tokens)
    member = Member(task=kind, language="en", tokens=tokens)
    order = TaskSampler(
        task=kind, members=[member], tables=[table], batch_size=BATCH, seed=SEED, max_examples=0
    )
    bare = ("bias", "LayerNorm.weight")
    groups = [
        {
            "params": [p for n, p in model.named_parameters() if n.endswith(bare) == free],
            "weight_decay": 0.0 if free else PLAN.weight_decay,
        }
        for free in (False, True)
    ]
    optimiser = torch.optim.AdamW(
        groups,
        lr=learning_rate,
        betas=(0.9, PLAN.adam_beta2),
        eps=PLAN.adam_epsilon,
    )
    warm = int(PLAN.warmup * STEPS)
    schedule = get_scheduler("linear", optimiser, warm, STEPS)
    rate_of = schedule.lr_lambdas[0]
    found = []
    for step in range(STEPS):
        rows = [row for _, row in order.places(order.batch(step))]
        labels = [label_of(kind, table, row) for row in rows]
        # Trainer divides the sum of the losses by the targets of the whole effective batch
        terms = sum(int((torch.tensor(label) != -100).sum()) for label in labels)
        total = 0.0
        for start in range(0, len(rows), BATCH // ACCUMULATE):
            part = slice(start, start + BATCH // ACCUMULATE)
            loss = micro_batch_loss(kind, model, table, rows[part], labels[part]) / terms
            loss.backward()
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), PLAN.max_grad_norm)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate * rate_of(step + 1 if step < warm else step)
        optimiser.step()
        optimiser.zero_grad()
        found.append((total, norm.item()))
    return found


def label_of(kind: str, table: TokenTable, row: int) -> list[int]:
    if kind == "classification":
        return [int(table.column("label")[row])]
    return table.list_column("labels").row(row).tolist()


def micro_batch_loss(
    kind: str, model: Any, table: TokenTable, rows: list[int], labels: list[list[int]]
) -> torch.Tensor:
    """Sum of the losses of a padded micro-batch."""
    ids = [torch.tensor(table.ids(row).astype("int64")) for row in rows]
    pad = torch.nn.utils.rnn.pad_sequence
    inputs = pad(ids, batch_first=True, padding_value=table.metadata["pad_id"])
    mask = pad([torch.ones_like(row) for row in ids], batch_first=True)
    logits = model(input_ids=inputs, attention_mask=mask).logits
    rows_of_labels = [torch.tensor(label) for label in labels]
    if kind == "classification":
        targets = torch.cat(rows_of_labels)
    else:
        targets = pad(rows_of_labels, batch_first=True, padding_value=-100).flatten()
    return torch.nn.functional.cross_entropy(
        logits.reshape(len(targets), -1), targets, ignore_index=-100, reduction="sum"
    )


@pytest.mark.parametrize("kind", MODELS)
def test_losses_are_those_of_hugging_faces_recipe(tmp_path: Path, kind: str) -> None:
    _, tokens = make_tokens(tmp_path, kind, 96)
    start = tmp_path / "start"
    start.mkdir()
    torch.manual_seed(5)
    vocab_size = TokenTable.open(tokens).metadata["vocab_size"]
    save_encoder(build_encoder({**ARCHITECTURE, "dropout": 0.0, "vocab_size": vocab_size}), start)
    expected = trained_by_hand(kind, reference(kind, start, tokens), tokens)
    train(
        start,
        [Member(task=kind, language="en", tokens=tokens)],
        {kind: HeadSpec(kind=kind, labels=labels_of(kind))},
        PLAN,
        seed=SEED,
        out_dir=tmp_path / "model",
        # passes of other sizes than the oracle's micro-batches
        running=running(tmp_path, tokens_per_pass=150),
    )
    history = pq.read_table(tmp_path / "model/history.parquet")
    losses, norms = (history.column(name).to_pylist() for name in ("loss", "grad_norm"))
    assert len(losses) == STEPS
    assert losses == pytest.approx([loss for loss, _ in expected], rel=2e-4)
    assert norms == pytest.approx([norm for _, norm in expected], rel=2e-3)
    # the comparison is of a model that learns, and that is clipped
    assert losses[-1] < losses[0] - 0.01
    assert max(norms) > PLAN.max_grad_norm


def test_the_rate_after_the_warm_up_is_transformers_own() -> None:
    from xstilts.training.optimiser import learning_rate

    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = get_scheduler("linear", optimiser, 5, STEPS).lr_lambdas[0]
    unit = recipe(learning_rate=1.0, warmup=0.25)
    ours = [learning_rate(step, STEPS, unit) for step in range(STEPS)]
    assert ours[5:] == pytest.approx([theirs(step) for step in range(5, STEPS)])
    assert ours[:5] == pytest.approx([theirs(step + 1) for step in range(5)])
