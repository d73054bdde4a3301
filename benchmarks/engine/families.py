"""Training speed and memory of checkpoints of different model types, measured in one run.

    python benchmarks/engine/families.py FOLDER [FOLDER ...] [--ways W ...] [--precision P ...]

Prints one table. FOLDER is a checkpoint in Hugging Face's format. Each is trained on the random
sequences of ``workloads.py`` in each way: ``ours`` is a stage, ``ours-transformers`` a stage with
transformers' layers and torch's dropout, ``trainer-best`` Hugging Face's Trainer at its best
settings (``peers.py``). Each has its own process; the processes take turns, one round each.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow_scripts"))

from machine import description
from process import Worker, take_turns
from setup import Setup

WAYS = ("ours", "ours-transformers", "trainer-best")
HEAD = (
    "workload", "precision", "model", "way", "real tokens/s", "per CPU second (slowest - fastest)",
    "peak MiB", "MiB at the end",
)  # fmt: skip


def setups_of(options: argparse.Namespace, workload: str, precision: Any) -> dict[str, Setup]:
    """The settings of each model and way, by a name for the table."""
    found = {}
    for folder in options.models:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        for way in options.ways:
            found[f"{folder.name} ({config['model_type']}) | {way}"] = Setup(
                workload=workload,
                way=way,
                precision=precision,
                device=options.device,
                threads=options.threads,
                layers=0,
                width=0,
                vocab=config["vocab_size"],
                distinct_tokens=min(options.distinct_tokens, config["vocab_size"]),
                steps=options.steps,
                examples=0,
                max_tokens=options.max_tokens,
                model=str(folder.resolve()),
            )
    return found


def measure(setups: dict[str, Setup], rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Train in alternating rounds."""
    with tempfile.TemporaryDirectory() as folder:
        workers = {
            name: Worker(setup, Path(folder) / str(number))
            for number, (name, setup) in enumerate(setups.items())
        }
        found, failed = take_turns(workers, rounds)
    if failed:
        sys.exit("; ".join(f"{name}: {reason}" for name, reason in failed.items()))
    return found


def row_of(records: list[dict[str, Any]]) -> list[str]:
    """Speeds and memory of one model and way."""
    wall, cpu = (sorted(r["tokens"] / r[clock] for r in records) for clock in ("wall", "cpu"))
    return [
        f"{statistics.median(wall):,.0f}",
        f"{statistics.median(cpu):,.0f} ({cpu[0]:,.0f} - {cpu[-1]:,.0f})",
        f"{records[-1]['memory'] / 2**20:,.0f}",
        f"{records[-1]['resident'] / 2**20:,.0f}",
    ]


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["ours"])
    parser.add_argument(
        "--workloads", nargs="+", choices=["classification", "span", "tagging"],
        default=["classification", "span"],
    )  # fmt: skip
    parser.add_argument("--precision", nargs="+", choices=["fp32", "bf16"], default=["bf16"])
    parser.add_argument("--device", default="cpu")
    sizes = {"threads": 1, "steps": 2, "rounds": 5, "distinct_tokens": 20000, "max_tokens": 8192}
    for name, value in sizes.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    return parser.parse_args()


def main() -> None:
    """Measure and print the table."""
    options = parse()
    sys.stdout.write(f"{description(options.device, options.threads)}; {options.steps} steps a ")
    sys.stdout.write(f"round, median of {options.rounds} rounds\n\n")
    sys.stdout.write(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}\n")
    for workload in options.workloads:
        for precision in options.precision:
            found = measure(setups_of(options, workload, precision), options.rounds)
            for name, records in found.items():
                row = " | ".join(row_of(records))
                sys.stdout.write(f"| {workload} | {precision} | {name} | {row} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
