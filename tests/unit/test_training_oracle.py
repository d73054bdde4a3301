"""The training loop against Hugging Face's own Trainer, step for step.

Trainer itself runs here, as it is: its model, loss, optimiser, clipping and schedule. It gets our
initial weights and the sampler's order. Two of its ways are avoided, because they are not meant:

* With ``gradient_accumulation_steps``, transformers 5.23 does not divide the mean losses of
  XLM-R's models by their number, so that the gradient grows with it. Each step is one batch here;
  our side is split into micro-batches anyway.
* ``XLMRobertaForQuestionAnswering`` lets padding take part in the softmax over positions, so that
  the loss of a window depends on its neighbours in the batch. Span is compared one window a step.

One difference is meant: Trainer's warm-up starts at a rate of 0, so that its first step learns
nothing; ours is one step ahead until the peak, and the same from there on. The trainings have no
warm-up; the last test is of the rates.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE, labels_of, make_tokens, recipe, runtime
from transformers import (
    Trainer,
    TrainingArguments,
    XLMRobertaForMultipleChoice,
    XLMRobertaForQuestionAnswering,
    XLMRobertaForSequenceClassification,
    XLMRobertaForTokenClassification,
)
from transformers.optimization import get_scheduler

from xstilts.models.encoder import build_encoder, save_encoder
from xstilts.models.heads import HeadSpec, head_class
from xstilts.tokens.store import TokenTable
from xstilts.training.loop import train
from xstilts.training.sampler import TaskSampler, TrainingSet
from xstilts.training.setup import build_stage_model

if TYPE_CHECKING:
    from xstilts.config.recipe import Recipe

STEPS, SEED, PAD = 20, 1, 1
MODELS = {
    "classification": XLMRobertaForSequenceClassification,
    "tagging": XLMRobertaForTokenClassification,
    "span": XLMRobertaForQuestionAnswering,
    "multiple_choice": XLMRobertaForMultipleChoice,
}
HEADS = {
    "classification": {"dense": "classifier.dense", "output": "classifier.out_proj"},
    "tagging": {"output": "classifier"},
    "span": {"output": "qa_outputs"},
    "multiple_choice": {"dense": "roberta.pooler.dense", "output": "classifier"},
}
"""Layers of our heads, by their names in transformers."""
TARGETS = {"label": "labels", "labels": "labels", "start": "start_positions"}
TARGETS |= {"end": "end_positions"}


def plan_of(kind: str) -> Recipe:
    return recipe(
        learning_rate=1e-3,
        batch_size=1 if kind == "span" else 16,
        max_steps=STEPS,
        warmup=0.0,
        weight_decay=0.1,
        # so small that most steps are clipped
        max_grad_norm=0.1,
        # AdamW's usual epsilon turns rounding errors of tiny gradients into whole steps
        adam_epsilon=1e-5,
    )


def model_of(kind: str, folder: Path, tokens: Path) -> Any:
    """Return transformers' model with our initial weights."""
    stage = build_stage_model(
        folder,
        {kind: HeadSpec(kind=kind, labels=labels_of(kind))},
        vocab_size=TokenTable.open(tokens).metadata["vocab_size"],
        recipe=plan_of(kind),
        seed=SEED,
        device=torch.device("cpu"),
    )
    model = MODELS[kind].from_pretrained(folder, num_labels=2, dtype=torch.float32)
    head = stage.heads[kind].state_dict()
    for ours, theirs in HEADS[kind].items():
        layer = model.get_submodule(theirs)
        with torch.no_grad():
            layer.weight.copy_(head[f"{ours}.weight"])
            layer.bias.copy_(head[f"{ours}.bias"])
    return model


def examples_of(kind: str, tokens: Path, plan: Recipe) -> list[dict[str, Any]]:
    """Return the examples of all steps, in the order of the stage."""
    table, head = TokenTable.open(tokens), head_class(kind)
    sampler = TaskSampler(
        task=kind,
        members=[TrainingSet(task=kind, language="en", tokens=tokens)],
        tables=[table],
        batch_size=plan.batch_size,
        seed=SEED,
        max_examples=0,
        sorted_batches=plan.sorted_batches,
        whole_examples=head.whole_examples,
    )
    examples = []
    for step in range(STEPS):
        rows = [row for _, row in sampler.sequences(sampler.batch(step))]
        for first in range(0, len(rows), sampler.per_unit):
            own = rows[first : first + sampler.per_unit]
            example: dict[str, Any] = {"rows": [table.ids(row).tolist() for row in own]}
            for name in head.scalar_targets:
                example[TARGETS[name]] = int(table.column(name)[own[0]])
            for name in head.list_targets:
                example[TARGETS[name]] = table.list_column(name).row(own[0]).tolist()
            examples.append(example)
    return examples


def collate(examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Padded tensors: examples x tokens, or examples x choices x tokens."""
    rows = [row for example in examples for row in example["rows"]]
    per_example = len(examples[0]["rows"])
    shape = (len(examples), per_example, -1) if per_example > 1 else (len(examples), -1)
    batch = {
        "input_ids": padded(rows, PAD).view(shape),
        "attention_mask": padded([[1] * len(row) for row in rows], 0).view(shape),
    }
    for name in set(examples[0]) - {"rows"}:
        values = [example[name] for example in examples]
        lists = isinstance(values[0], list)
        batch[name] = padded(values, -100) if lists else torch.tensor(values)
    return batch


def weights_of(model: Any) -> torch.Tensor:
    return torch.cat([weight.detach().flatten().clone() for weight in model.parameters()])


def padded(rows: list[list[int]], value: int) -> torch.Tensor:
    tensors = [torch.tensor(row) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=value)


def trained_by_trainer(kind: str, model: Any, tokens: Path, plan: Recipe, folder: Path) -> Any:
    """(mean loss, gradient norm) of each step, as Trainer logs them."""
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=plan.batch_size,
        max_steps=STEPS,
        learning_rate=plan.learning_rate,
        weight_decay=plan.weight_decay,
        adam_beta2=plan.adam_beta2,
        adam_epsilon=plan.adam_epsilon,
        max_grad_norm=plan.max_grad_norm,
        lr_scheduler_type="linear",
        train_sampling_strategy="sequential",
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        use_cpu=True,
        dataloader_pin_memory=False,
    )
    examples = examples_of(kind, tokens, plan)
    trainer = Trainer(model=model, args=arguments, train_dataset=examples, data_collator=collate)
    trainer.train()
    steps = [entry for entry in trainer.state.log_history if "loss" in entry]
    return [(entry["loss"], entry["grad_norm"]) for entry in steps]


@pytest.mark.parametrize("kind", MODELS)
def test_losses_and_gradients_are_those_of_trainer(tmp_path: Path, kind: str) -> None:
    _, tokens = make_tokens(tmp_path, kind, 96)
    start = tmp_path / "start"
    start.mkdir()
    torch.manual_seed(5)
    vocab_size = TokenTable.open(tokens).metadata["vocab_size"]
    save_encoder(build_encoder({**ARCHITECTURE, "dropout": 0.0, "vocab_size": vocab_size}), start)
    plan = plan_of(kind)
    model = model_of(kind, start, tokens)
    before = weights_of(model)
    expected = trained_by_trainer(kind, model, tokens, plan, tmp_path / "trainer")
    train(
        start,
        [TrainingSet(task=kind, language="en", tokens=tokens)],
        {kind: HeadSpec(kind=kind, labels=labels_of(kind))},
        plan,
        seed=SEED,
        out_dir=tmp_path / "model",
        # several micro-batches per step, where Trainer takes one
        runtime=runtime(tmp_path, max_tokens=150),
    )
    history = pq.read_table(tmp_path / "model/history.parquet")
    losses, norms = (history.column(name).to_pylist() for name in ("loss", "grad_norm"))
    assert len(losses) == len(expected) == STEPS
    assert losses == pytest.approx([loss for loss, _ in expected], rel=2e-4)
    assert norms == pytest.approx([norm for _, norm in expected], rel=2e-3)
    # the comparison is of a model that moves, and that is clipped
    assert (weights_of(model) - before).abs().max() > 3 * plan.learning_rate
    assert max(norms) > plan.max_grad_norm


def test_the_rate_after_the_warm_up_is_transformers_own() -> None:
    from xstilts.training.optimiser import learning_rate

    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = get_scheduler("linear", optimiser, 5, STEPS).lr_lambdas[0]
    unit = recipe(learning_rate=1.0, warmup=0.25)
    ours = [learning_rate(step, STEPS, unit) for step in range(STEPS)]
    assert ours[5:] == pytest.approx([theirs(step) for step in range(5, STEPS)])
    assert ours[:5] == pytest.approx([theirs(step + 1) for step in range(5)])
