"""The workloads as xstilts computes them: the stage's own training loop and predict job."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from clock import MOST_ROUNDS, Clock, Seconds
from workloads import LANGUAGES, SEED, WORKLOADS, Part, classification, sequences

from xstilts.config.adapters import Lora
from xstilts.config.recipe import Recipe
from xstilts.device import device_of
from xstilts.malloc import keep_freed_memory
from xstilts.models import checkpoint
from xstilts.models.encoder import build_encoder, load_encoder, save_encoder
from xstilts.models.heads import new_head, save_heads
from xstilts.prediction.base import predictor_of
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item, predict, predict_table
from xstilts.tokens.store import TokenTable
from xstilts.training import setup as stage
from xstilts.training.loop import _Trainer
from xstilts.training.runtime import Runtime
from xstilts.training.sampler import TrainingSet

if TYPE_CHECKING:
    from setup import Setup

    from xstilts.models.precision import Precision
    from xstilts.training.history import Step


def stage_of(setup: Setup, folder: Path, max_steps: int) -> dict[str, Any]:
    """Arguments of the trainer of a stage on the workload, whose files are written."""
    workload = WORKLOADS[setup.workload]
    parts = {part.kind: part for part in workload.sets(setup.distinct_tokens)}
    most = max(part.num_examples for part in parts.values())
    members = []
    for name, part in parts.items():
        file = part.write(
            folder / f"{name}.arrow",
            setup.vocab,
            setup.distinct_tokens if part.num_examples == most else 0,
        )
        members.append(TrainingSet(task=name, language="en", tokens=file))
    values: dict[str, Any] = {"batch_size": workload.batch_size, "selection": "last"}
    values |= {"max_steps": max_steps, "precision": setup.precision}
    # the examples after them only widen the vocabulary and are not drawn
    values["max_train_examples"] = most
    if setup.way == "ours-compiled":
        values["compile"] = True
    if setup.lora:
        values["lora"] = Lora(quantise=setup.quantise, merge=setup.quantise is None)
    runtime = Runtime(
        state_dir=folder / "state",
        identity="benchmark",
        max_tokens=setup.max_tokens,
        num_threads=setup.threads,
        # a state is saved only where a process is to be killed
        save_steps=max(0, setup.kill_at // 2),
        device=setup.device,
    )
    return {
        "start": Path(setup.model) if setup.model else setup.architecture,
        "members": members,
        "specs": {name: part.spec for name, part in parts.items()},
        "recipe": Recipe(**values),
        "seed": SEED,
        "runtime": runtime,
        "selection": None,
    }


def train(setup: Setup, folder: Path, turn: Callable[[int], None]) -> None:
    """Train in rounds, as a stage does between loading and saving.

    Args:
        setup: the workload.
        folder: for files.
        turn: called before each round with the number of real tokens of the previous one.
    """
    if setup.way == "ours-transformers":
        use_transformers()
    if setup.way == "ours-unpruned":
        vars(stage)["prune_vocabulary"] = lambda *_: None

    class Rounds(_Trainer):
        """The trainer of a stage, which waits for its turn before each round."""

        num_tokens = 0

        def _step(self, step: int, task: int, draw: int) -> Step:
            if step % setup.steps == 0:
                turn(self.num_tokens)
                self.num_tokens = 0
            done = super()._step(step, task, draw)
            self.num_tokens += done.tokens
            return done

    keep_freed_memory()
    Rounds(**stage_of(setup, folder, setup.steps * MOST_ROUNDS)).run()


def predict_rounds(setup: Setup, folder: Path, turn: Callable[[int], None]) -> None:
    """Predict in rounds, as a job does between loading its model and writing predictions.

    Args:
        setup: the workload.
        folder: for files.
        turn: called before each round with the number of real tokens of the previous one.
    """
    model, num_tokens = InMemory(setup, folder), 0
    while True:
        turn(num_tokens)
        model.predict(setup.precision)
        num_tokens = int(model.table.lengths.sum())


class InMemory:
    """A model with a random head, and the sequences that it predicts."""

    def __init__(self, setup: Setup, folder: Path) -> None:
        keep_freed_memory()
        self._setup, self._device = setup, device_of(setup.device)
        part = sequences(setup)
        self.table = TokenTable.open(part.write(folder / "tokens.arrow", setup.vocab))
        self._part, self._examples = part, examples_of(part)
        self._encoder = load_encoder(Path(setup.model)).to(self._device).eval()
        torch.manual_seed(0)
        self.head = new_head(part.spec, self._encoder.config).to(self._device).eval()

    def predict(self, precision: Precision) -> pa.Table:
        """Predict all sequences."""
        predictor = predictor_of(self._part.kind)
        return predict_table(
            predictor(self.table, self._part.labels, PredictOptions(precision=precision)),
            self._encoder,
            self.head,
            self.table,
            self._examples,
            max_tokens=self._setup.max_tokens,
            device=self._device,
            precision=precision,
        )


def use_transformers() -> None:
    """Load models as transformers has them, with its layers and torch's dropout."""
    for name, value in (
        ("supports", False), ("use_dropout", None), ("use_occurring_positions", None)
    ):  # fmt: skip
        setattr(checkpoint, name, lambda _, value=value: value)


def write_model(setup: Setup, folder: Path, part: Part) -> None:
    """Write a randomly initialised model with a head for the part."""
    torch.manual_seed(0)
    encoder = build_encoder(setup.architecture)
    save_encoder(encoder, folder)
    save_heads({"nli": new_head(part.spec, encoder.config)}, {"nli": part.spec}, folder)


def examples_of(part: Part) -> pa.Table:
    """The examples of a classification or span part, with the columns that predictions need."""
    count = part.num_examples
    columns: dict[str, list[Any]] = {"id": [str(i) for i in range(count)]}
    if part.kind == "span":
        # other characters at each position, so that different answers are different texts
        context = "".join(map(chr, range(0x4E00, 0x4E00 + int(part.lengths.max()))))
        columns |= {"context": [context] * count, "answers": [[]] * count}
    else:
        columns["label"] = [part.labels[0]] * count
    return pa.table(columns)


def language_items(setup: Setup, folder: Path) -> list[Item]:
    """Token and data files of every language, written if they are missing."""
    items = []
    for number, language in enumerate(LANGUAGES):
        tokens, data = (folder / f"{language}.{end}" for end in ("arrow", "parquet"))
        items.append(
            Item(language=language, tokens=tokens, data=data, out=folder / f"{language}.out")
        )
        if tokens.is_file():
            continue
        part = classification(setup.examples, setup.vocab, seed=number)
        part.write(tokens, setup.vocab)
        pq.write_table(examples_of(part), data)
    return items


def predict_seconds(setup: Setup, folder: Path, _language: str) -> Seconds:
    """Predict all languages after loading the model once, whichever language is named."""
    part = classification(1, setup.vocab)
    model = folder / "model"
    if not (model / "config.json").is_file():
        model.mkdir(parents=True)
        write_model(setup, model, part)
    items = language_items(setup, folder)
    for item in items:
        with contextlib.suppress(FileNotFoundError):
            item.out.unlink()
    clock = Clock()
    predict(
        model,
        task="nli",
        kind="classification",
        labels=part.labels,
        items=items,
        options=PredictOptions(precision=setup.precision),
        max_tokens=setup.max_tokens,
        num_threads=setup.threads,
        device=setup.device,
    )
    return clock.seconds()
