"""Real tokens per second in training, by how batches are padded.

    python benchmarks/padding.py [--layers L] [--batches N] [--rounds R] [--threads T]

Prints one table. The encoder has XLM-R base's width, but fewer layers and a small vocabulary, to
save time; it runs forward and backward passes in fp32 and training mode, but no optimiser step.
Lengths are drawn like those of NLI pairs (log-normal, median 36 tokens, 10 to 128). All variants
compute the same sequences in alternating rounds, so that load on the machine slows all of them
alike. CPU seconds of all threads are what other processes affect least.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

from xstilts.config.recipe import Recipe
from xstilts.models.encoder import build_encoder, hidden_states
from xstilts.models.packed import use_packing
from xstilts.tokens import classification
from xstilts.tokens.batches import Sequences, collate, model_inputs, read_sequences
from xstilts.tokens.store import TokenTable, list_array, write_tokens
from xstilts.training.sampler import TaskSampler, TrainingSet

# enough to sort 50 batches together
VOCABULARY, PAD, LONGEST, BATCH, SEQUENCES = 2000, 1, 128, 32, 200 * 32


def token_file(path: Path) -> TokenTable:
    """Write random sequences with the lengths of NLI pairs."""
    random = np.random.default_rng(0)
    lengths = np.exp(random.normal(np.log(36), 0.45, SEQUENCES)).clip(10, LONGEST).astype(int)
    columns = [
        list_array([random.integers(5, VOCABULARY, n).tolist() for n in lengths], pa.int32()),
        pa.array(np.arange(SEQUENCES), pa.int32()),
        pa.array(np.zeros(SEQUENCES), pa.int32()),
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=classification.SCHEMA)
    record = {"kind": "classification", "pad_id": PAD, "num_examples": SEQUENCES}
    write_tokens(path, classification.SCHEMA, [batch], record)
    return TokenTable.open(path)


def bucketed(table: TokenTable, path: Path) -> list[list[int]]:
    """Rows of the batches that training draws: the whole file, sorted by length in buckets."""
    member = TrainingSet(task="nli", language="en", tokens=path)
    sampler = TaskSampler(
        task="nli",
        members=[member],
        tables=[table],
        batch_size=BATCH,
        seed=0,
        max_examples=0,
        sorted_batches=Recipe().sorted_batches,
    )
    return [[row for _, row in sampler.sequences(sampler.batch(i))] for i in range(50)]


def inputs_of(table: TokenTable, rows: list[int], longest: int | None) -> dict[str, torch.Tensor]:
    """Padded tensors of a batch; to ``longest`` tokens, or to its longest sequence."""
    sequences: Sequences = read_sequences([table], [(0, row) for row in rows])
    tensors = model_inputs(collate(sequences, slice(None), torch.device("cpu")))
    if longest is None:
        return tensors
    extra = (0, longest - tensors["input_ids"].shape[1])
    padding = {"input_ids": PAD, "attention_mask": 0}
    return {
        name: torch.nn.functional.pad(tensor, extra, value=padding[name])
        for name, tensor in tensors.items()
    }


Way = Callable[[], tuple[float, float]]
"""Computes all batches once and returns wall-clock and CPU seconds."""


def way_of(
    encoder: Any,
    table: TokenTable,
    batches: list[list[int]],
    longest: int | None = None,
    *,
    packed: bool = False,
) -> Way:
    """Forward and backward passes over batches of rows, padded by ``inputs_of`` or packed."""
    tensors = [inputs_of(table, rows, longest) for rows in batches]

    def run() -> tuple[float, float]:
        encoder.packed = None
        if packed:
            use_packing(encoder)
        start, cpu = time.perf_counter(), time.process_time()
        for batch in tensors:
            hidden_states(encoder, batch)[-1][:, 0].square().sum().backward()
            encoder.zero_grad()
        return time.perf_counter() - start, time.process_time() - cpu

    return run


def report(seconds: dict[str, list[tuple[float, float]]], num_tokens: int) -> None:
    """Print one row per variant; each round computed ``num_tokens`` real tokens."""
    sys.stdout.write("| batches | real tokens per second | per CPU second | against the first |\n")
    sys.stdout.write("|---|---|---|---|\n")
    first = statistics.median(cpu for _, cpu in next(iter(seconds.values())))
    for name, taken in seconds.items():
        wall, cpu = (sorted(values) for values in zip(*taken, strict=True))
        texts = [
            f"{num_tokens / statistics.median(part):,.0f} "
            f"({num_tokens / part[-1]:,.0f} - {num_tokens / part[0]:,.0f})"
            for part in (wall, cpu)
        ]
        ratio = first / statistics.median(cpu)
        sys.stdout.write(f"| {name} | {' | '.join(texts)} | {ratio:.2f} |\n")


def main() -> None:
    """Measure all variants and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in {"layers": 2, "batches": 4, "rounds": 3, "threads": 2}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    shape = {"hidden_size": 768, "num_layers": options.layers, "num_heads": 12}
    shape |= {"intermediate_size": 3072, "max_length": LONGEST, "dropout": 0.1}
    encoder = build_encoder({**shape, "vocab_size": VOCABULARY}).train()
    with tempfile.TemporaryDirectory() as folder:
        table = token_file(Path(folder) / "nli.arrow")
        ordered = bucketed(table, Path(folder) / "nli.arrow")[: options.batches]
        random = np.random.default_rng(1)
        shuffled = random.permutation(np.concatenate(ordered)).reshape(-1, BATCH).tolist()
        way = functools.partial(way_of, encoder, table)
        ways = {
            f"padded to {LONGEST}, random order (like a plain training script)": way(
                shuffled, LONGEST
            ),
            "padded to the longest of the batch, random order": way(shuffled),
            "padding-free, random order": way(shuffled, packed=True),
            "padded to the longest, sorted by length in buckets (the default)": way(ordered),
            "padding-free, sorted by length in buckets": way(ordered, packed=True),
        }
        # alternating; the first round is a warm-up
        rounds = [{name: run() for name, run in ways.items()} for _ in range(options.rounds + 1)]
        num_tokens = int(table.lengths[np.concatenate(ordered)].sum())
    sys.stdout.write(f"{options.batches} batches of {BATCH}, {num_tokens} real tokens, ")
    sys.stdout.write(f"{options.layers} layers, fp32, {options.threads} threads; ")
    sys.stdout.write(f"median of {options.rounds} rounds (slowest - fastest)\n\n")
    report({name: [one[name] for one in rounds[1:]] for name in ways}, num_tokens)


if __name__ == "__main__":
    main()
