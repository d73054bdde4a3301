"""What sorting by length does to training, beside making it quicker.

    python benchmarks/order.py TOKENS [--start MODEL] [--chunks C ...] [--seeds S] ...
    python benchmarks/order.py PAIRS [--chunks C ...] [--seeds S] ...

TOKENS is a token file (.arrow) of classification, tagging or span, MODEL a model folder; without
it the encoder is small and random. PAIRS is a file of MNLI or SNLI as they are distributed
(.jsonl), counted in words; nothing is trained on it. Batches of 32 that are sorted by length in
chunks of C batches (50 is what training does, 1 is a random order): how alike the lengths in a
batch are, how the labels scatter, how the gradients of batches scatter at the first step, and the
loss on the last examples after equal steps, over seeds. Prints one table.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

from xstilts.config.recipe import Recipe
from xstilts.models.encoder import hidden_states, input_embeddings, load_encoder
from xstilts.models.heads import HeadSpec, load_head
from xstilts.tokens import classification
from xstilts.tokens.batches import collate, model_inputs, read_sequences
from xstilts.tokens.store import TokenTable, list_array, write_tokens
from xstilts.training import sampler
from xstilts.training.loop import train
from xstilts.training.runtime import Runtime
from xstilts.training.setup import build_stage_model

BATCH, CPU, TASK = 32, torch.device("cpu"), "task"
SMALL: dict[str, float] = {
    "hidden_size": 96,
    "num_layers": 3,
    "num_heads": 4,
    "intermediate_size": 384,
}
SMALL |= {"max_length": 512, "dropout": 0.1}


class World(NamedTuple):
    """What is trained on, from where."""

    file: Path
    table: TokenTable
    spec: HeadSpec
    start: Any
    num_train: int
    """The first so many examples."""
    epochs: float


def recipe_of(world: World, chunk: int) -> Recipe:
    """How to train, with the defaults where nothing is said."""
    values: dict[str, Any] = {"learning_rate": 5e-4, "batch_size": BATCH, "epochs": world.epochs}
    values |= {"max_train_examples": world.num_train, "selection": "last", "sorted_batches": chunk}
    return Recipe(**values)


def sampler_of(world: World, chunk: int, seed: int) -> sampler.TaskSampler:
    """Training's sampler, with chunks of so many batches."""
    member = sampler.TrainingSet(task=TASK, language="en", tokens=world.file)
    return sampler.TaskSampler(
        task=TASK,
        members=[member],
        tables=[world.table],
        batch_size=BATCH,
        seed=seed,
        max_examples=world.num_train,
        sorted_batches=chunk,
    )


def rows_of_batches(draws: sampler.TaskSampler) -> list[list[int]]:
    """Rows of the full batches of the first epoch."""
    batches = [draws.batch(i) for i in range(-(-len(draws) // BATCH))]
    return [[row for _, row in draws.sequences(b)] for b in batches if len(b) == BATCH]


def composition(world: World, batches: list[list[int]]) -> dict[str, float]:
    """How the batches are put together."""
    lengths = world.table.lengths
    inside = [lengths[rows].astype(float) for rows in batches]
    whole = np.concatenate(inside)
    shares = {
        "padding when a batch is one pass": 1
        - whole.sum() / sum(part.max() * len(part) for part in inside),
        # the intraclass correlation of one-way analysis of variance
        "correlation of lengths inside a batch": intraclass(inside),
    }
    if world.spec.kind == "classification":
        labels = world.table.column("label")
        for index, name in enumerate(world.spec.labels):
            found = [float((labels[rows] == index).mean()) for rows in batches]
            share = statistics.fmean(found)
            expected = share * (1 - share) / BATCH
            key = f"variance of the share of {name}, as a multiple of chance"
            shares[key] = statistics.variance(found) / expected
    return shares


def intraclass(parts: list[np.ndarray]) -> float:
    """Intraclass correlation of equally large groups: 0 for chance, 1 for equal values inside."""
    size = len(parts[0])
    between = size * statistics.variance([float(part.mean()) for part in parts])
    within = statistics.fmean([float(part.var(ddof=1)) for part in parts])
    return (between - within) / (between + (size - 1) * within)


def batch_loss(world: World, encoder: Any, head: Any, rows: list[int]) -> torch.Tensor:
    """Mean loss of a batch."""
    places = [(0, row) for row in rows]
    parts = read_sequences([world.table], places, head.scalar_targets, head.list_targets)
    tensors = collate(parts, slice(None), CPU)
    last = hidden_states(encoder, model_inputs(tensors))[-1]
    loss, count = head.loss(last, tensors, input_embeddings(encoder))
    return loss / count


def gradient_variance(world: World, batches: list[list[int]], seed: int) -> float:
    """Mean squared distance of a batch's gradient from their mean, at the first step's weights."""
    stage = build_stage_model(
        world.start,
        {TASK: world.spec},
        vocab_size=world.table.metadata["vocab_size"],
        recipe=recipe_of(world, 1),
        seed=seed,
        device=CPU,
    )
    parameters = [p for module in stage.modules() for p in module.eval().parameters()]
    mean, squares = [torch.zeros_like(p) for p in parameters], 0.0
    for rows in batches:
        loss = batch_loss(world, stage.encoder, stage.heads[TASK], rows)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        for total, gradient in zip(mean, gradients, strict=True):
            if gradient is not None:
                total += gradient / len(batches)
                squares += float(gradient.square().sum()) / len(batches)
    return squares - sum(float(total.square().sum()) for total in mean)


def held_out_loss(world: World, chunk: int, seed: int, folder: Path) -> float:
    """Loss on the held-out examples after training on the others."""
    member = sampler.TrainingSet(task=TASK, language="en", tokens=world.file)
    out = folder / f"{chunk}-{seed}"
    runtime = Runtime(
        state_dir=out / "state",
        identity="order",
        max_tokens=8192,
        num_threads=torch.get_num_threads(),
        device="cpu",
    )
    specs = {TASK: world.spec}
    recipe = recipe_of(world, chunk)
    train(world.start, [member], specs, recipe, seed=seed, out_dir=out, runtime=runtime)
    encoder = load_encoder(out).eval()
    head = load_head(out, TASK, encoder.config).eval()
    rows = np.flatnonzero(world.table.column("example") >= world.num_train).tolist()
    parts = [rows[i : i + BATCH] for i in range(0, len(rows) - BATCH + 1, BATCH)]
    with torch.inference_mode():
        return statistics.fmean(float(batch_loss(world, encoder, head, p)) for p in parts)


def token_file_of(pairs: Path, out: Path) -> Path:
    """A token file whose tokens are the words of pairs of sentences, all with one id."""
    records = [json.loads(line) for line in pairs.read_text("utf-8").splitlines()]
    records = [one for one in records if one["gold_label"] != "-"]
    names = sorted({one["gold_label"] for one in records})
    words = [len(f"{one['sentence1']} {one['sentence2']}".split()) for one in records]
    columns = [
        list_array([[1] * count for count in words], pa.int32()),
        pa.array(np.arange(len(records)), pa.int32()),
        pa.array([names.index(one["gold_label"]) for one in records], pa.int32()),
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=classification.SCHEMA)
    record = {"kind": "classification", "labels": names, "num_examples": len(records)}
    write_tokens(out, classification.SCHEMA, [batch], record)
    return out


def world_of(options: argparse.Namespace) -> World:
    """The data, and where training starts."""
    table = TokenTable.open(options.tokens)
    labels = tuple(table.metadata.get("labels") or ())
    spec = HeadSpec(kind=table.metadata["kind"], labels=labels)
    num_train = table.metadata["num_examples"] - options.held_out
    return World(options.tokens, table, spec, options.start or SMALL, num_train, options.epochs)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokens", type=Path)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--chunks", type=int, nargs="+", default=[4, Recipe().sorted_batches])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--held-out", type=int, default=400)
    parser.add_argument("--epochs", type=float, default=2.0)
    options = parser.parse_args()
    chunks = [1, *options.chunks]
    name = options.tokens.parent.parent.name
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path | None = Path(temporary)
        if options.tokens.suffix == ".jsonl":
            name = options.tokens.name
            options.tokens = token_file_of(options.tokens, Path(temporary) / "pairs.arrow")
            folder, options.held_out = None, 0
        world = world_of(options)
        found = {
            chunk: [measured(world, chunk, seed, folder) for seed in seeds_of(options)]
            for chunk in chunks
        }
    sys.stdout.write(f"{world.num_train} examples of {name}, batches of ")
    trained = "nothing trained" if folder is None else f"{options.epochs:g} epochs"
    sys.stdout.write(f"{BATCH}, {trained}, {options.seeds} seeds; mean ")
    sys.stdout.write("(difference to random ± its standard error)\n\n")
    head = ["", "random", *(f"sorted in chunks of {chunk} batches" for chunk in options.chunks)]
    sys.stdout.write(f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n")
    for name in found[1][0]:
        first, *others = ([values[name] for values in found[chunk]] for chunk in chunks)
        cells = [f"{statistics.fmean(first):.3f}", *(compared(first, other) for other in others)]
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")


def seeds_of(options: argparse.Namespace) -> range:
    """The seeds, from 1."""
    return range(1, options.seeds + 1)


def measured(world: World, chunk: int, seed: int, folder: Path | None) -> dict[str, float]:
    """All that is measured of one order with one seed; without a folder nothing is trained."""
    batches = rows_of_batches(sampler_of(world, chunk, seed))
    found = composition(world, batches)
    if folder is None:
        return found
    return {
        **found,
        "variance of a batch's gradient": gradient_variance(world, batches, seed),
        "held-out loss after equal steps": held_out_loss(world, chunk, seed, folder),
    }


def compared(before: list[float], after: list[float]) -> str:
    """Mean, and the mean difference of the same seeds with its standard error."""
    gaps = [new - old for old, new in zip(before, after, strict=True)]
    error = statistics.stdev(gaps) / len(gaps) ** 0.5
    return f"{statistics.fmean(after):.3f} ({statistics.fmean(gaps):+.3f} ± {error:.3f})"


if __name__ == "__main__":
    main()
