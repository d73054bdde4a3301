"""Training and prediction speed of xstilts and of Hugging Face's Trainer, measured in one run.

    python benchmarks/engine [--workloads W ...] [--ways W ...] [--precision P] [--layers L] ...

Prints one table. All implementations (``--ways``) compute the same random sequences
(``workloads.py``) with a randomly initialised encoder. Each runs in its own process, and the
processes take turns, one round each, so that load on the machine slows all of them alike. On a CPU
they are compared by the CPU seconds of all threads, which other processes affect least. The rounds
of training are parts of one training run, and the first is a warm-up; evaluation counts whole
processes from their start ("X of Y s": X without start-up and imports).
``--layers 12 --vocab 250002`` is XLM-R base, ``--width 1024 --layers 24`` with it XLM-R large;
``--distinct-tokens`` says how many of the vocabulary's tokens occur in a training set.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow_scripts"))

from machine import bf16_is_quick, description, model_flops
from process import Worker
from setup import Setup
from workloads import LANGUAGES, WORKLOADS, classification

WAYS = ("trainer-default", "trainer-best", "ours")
BASELINES = ("trainer-default", "trainer-best")


class Measured(NamedTuple):
    """Measurements of the rounds of one implementation."""

    wall: list[float]
    seconds: list[float]
    """The seconds to compare: of CPU over all threads on a CPU, otherwise wall-clock."""
    memory: int
    """Peak memory of its process in bytes."""
    num_tokens: list[int]
    """Real tokens (without padding) of each round."""
    computed: float | None = None
    """In evaluation, the seconds after start-up and imports."""


def measure_training(setups: list[Setup], rounds: int, folder: Path) -> list[Measured]:
    """Measure all setups in alternating rounds; the last setup is the matrix product."""
    groups = [group_of(setup, folder / setup.way) for setup in setups]
    records: list[list[list[dict[str, Any]]]] = [[] for _ in setups]
    for _ in range(rounds + 1):
        for group, found in zip(groups, records, strict=True):
            found.append([worker.round() for worker in group])
    for worker in (one for group in groups for one in group):
        worker.close()
    clock = clock_of(setups[0])
    return [
        Measured(
            # the first round is a warm-up
            [sum(record["wall"] for record in parts) for parts in found[1:]],
            [sum(record[clock] for record in parts) for parts in found[1:]],
            max(record["memory"] for record in found[-1]),
            [sum(record["tokens"] for record in parts) for parts in found[1:]],
        )
        for found in records
    ]


def group_of(setup: Setup, folder: Path) -> list[Worker]:
    """The processes of an implementation: one, or one per task where it trains on single tasks."""
    alone = setup.way in BASELINES and setup.workload in WORKLOADS
    count = len(WORKLOADS[setup.workload].sets(setup.distinct_tokens)) if alone else 1
    return [Worker(replace(setup, part=part), folder / str(part)) for part in range(count)]


def clock_of(setup: Setup) -> str:
    """Name of the clock that implementations are compared by."""
    return "cpu" if setup.device == "cpu" else "wall"


def measure_evaluation(setups: list[Setup], rounds: int, folder: Path) -> list[Measured]:
    """Predict all languages in fresh processes: one for ours, one per language for Trainer."""
    *setups, product = setups
    found: list[list[dict[str, float]]] = [[] for _ in setups]
    for _ in range(rounds):
        for setup, records in zip(setups, found, strict=True):
            languages = LANGUAGES if setup.way in BASELINES else ["all"]
            # a first process of each implementation writes its files
            for group in ([languages[:1]] if not records else []) + [languages]:
                record = processes(setup, folder / setup.way, group)
            records.append(record)
    num_tokens = sum(map(sum, lengths_of(product)))
    measured = [
        Measured(
            [record["wall"] for record in records],
            [record["whole"] for record in records],
            max(int(record["memory"]) for record in records),
            [num_tokens] * rounds,
            statistics.median(record["computed"] for record in records),
        )
        for records in found
    ]
    return [*measured, *measure_training([product], 1, folder)]


def processes(setup: Setup, folder: Path, languages: list[str]) -> dict[str, float]:
    """Total seconds and peak memory of one process per language, run one after the other."""
    clock, total = clock_of(setup), {"wall": 0.0, "whole": 0.0, "computed": 0.0, "memory": 0.0}
    for language in languages:
        start, before = time.perf_counter(), os.times()
        worker = Worker(setup, folder, language)
        record = worker.round()
        worker.close()
        wall, after = time.perf_counter() - start, os.times()
        children = after.children_user + after.children_system
        children -= before.children_user + before.children_system
        total["wall"] += wall
        total["whole"] += children if clock == "cpu" else wall
        total["computed"] += record[clock]
        total["memory"] = max(total["memory"], record["memory"])
    return total


def rows_of(setups: list[Setup], measured: list[Measured]) -> list[list[str]]:
    """Rows of the table; the last is the matrix product."""
    *setups, product = setups
    *measured, peak = measured
    train = product.workload != "evaluation"
    lengths = lengths_of(product)
    flops: float = sum(model_flops(part, product.shape, train=train) for part in lengths)
    flops /= sum(map(sum, lengths))
    speeds = [
        [num_tokens / seconds for num_tokens, seconds in zip(m.num_tokens, m.seconds, strict=True)]
        for m in measured
    ]
    medians = {s.way: statistics.median(found) for s, found in zip(setups, speeds, strict=True)}
    rows = []
    for setup, own, found in zip(setups, measured, speeds, strict=True):
        median = medians[setup.way]
        # the peak holds for its own precision only
        same = setup.precision == product.precision
        note = ""
        if own.computed is not None:
            note = f", {own.computed:.0f} of {statistics.median(own.seconds):.0f} s"
        wall = [
            num_tokens / seconds
            for num_tokens, seconds in zip(own.num_tokens, own.wall, strict=True)
        ]
        rows.append(
            [
                setup.workload,
                setup.way + note,
                setup.precision,
                f"{statistics.median(wall):,.0f}",
                f"{median:,.0f} ({min(found):,.0f} - {max(found):,.0f})",
                f"{flops * median / 1e9:,.0f}",
                f"{flops * median * min(peak.seconds):.0%}" if same else "",
                f"{own.memory / 2**20:,.0f}",
                *(f"{median / medians[way]:.2f}" if way in medians else "" for way in BASELINES),
            ]
        )
    best = f"{1 / min(peak.seconds) / 1e9:,.0f}"
    end = [product.precision, "", "", best, "100%", "", "", ""]
    return [*rows, [product.workload, "(matrix product)", *end]]


def lengths_of(setup: Setup) -> list[list[int]]:
    """Length in tokens of each sequence of a workload, by task or language."""
    if setup.workload == "evaluation":
        parts = [classification(setup.examples, setup.vocab, seed=i) for i in range(len(LANGUAGES))]
    else:
        parts = WORKLOADS[setup.workload].sets(setup.distinct_tokens)
    return [part.lengths.tolist() for part in parts]


def setups_of(options: argparse.Namespace, workload: str) -> list[Setup]:
    """One setup per implementation of a workload, and last the matrix product."""
    common = Setup(
        workload=workload,
        way="peak",
        precision=options.precision,
        **{name: getattr(options, name) for name in OPTIONS},
    )
    ways = [way for way in options.ways if workload != "evaluation" or way in (WAYS[0], "ours")]
    return [
        replace(
            common, way=way, precision="fp32" if way == "trainer-default" else options.precision
        )
        for way in ways
    ] + [common]


OPTIONS = [
    one.name
    for one in fields(Setup)
    if one.name not in ("workload", "way", "precision")
    and one.default is one.default_factory is MISSING
]
"""Fields that all implementations share; each is a command-line option."""


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    every = [*WORKLOADS, "evaluation"]
    # no task has only sequences of full length
    usual = [name for name in every if name != "full-length"]
    parser.add_argument("--workloads", nargs="+", choices=every, default=usual)
    others = ["ours-compiled", "ours-unpruned"]
    parser.add_argument("--ways", nargs="+", choices=[*WAYS, *others], default=WAYS)
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    parser.add_argument("--device", default="cpu")
    sizes = {"threads": 2, "layers": 2, "width": 768, "vocab": 20000, "steps": 4, "rounds": 3}
    sizes |= {"distinct_tokens": 40000, "examples": 64, "max_tokens": 8192}
    for name, value in sizes.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    options = parser.parse_args()
    options.distinct_tokens = min(options.distinct_tokens, options.vocab)
    if options.precision == "auto":
        options.precision = "bf16" if bf16_is_quick(options.device) else "fp32"
    return options


def main() -> None:
    """Measure and print the table."""
    options = parse()
    shape = f"{options.layers} layers of width {options.width}, vocabulary {options.vocab:,}"
    shape += (
        f" of which {options.distinct_tokens:,} occur"
        if options.distinct_tokens < options.vocab
        else ""
    )
    sys.stdout.write(f"{description(options.device, options.threads)}; {shape}; ")
    sys.stdout.write(f"{options.steps} steps, median of {options.rounds} rounds\n\n")
    per = "CPU second" if options.device == "cpu" else "second"
    head = ["workload", "way", "precision", "real tokens/s", f"per {per} (slowest - fastest)"]
    head += [f"model GFLOP per {per}", "of matrix peak", "peak MiB", "x default", "x best"]
    sys.stdout.write(f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n")
    for workload in options.workloads:
        setups = setups_of(options, workload)
        measure = measure_evaluation if workload == "evaluation" else measure_training
        with tempfile.TemporaryDirectory() as folder:
            measured = measure(setups, options.rounds, Path(folder))
        for row in rows_of(setups, measured):
            sys.stdout.write(f"| {' | '.join(row)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
