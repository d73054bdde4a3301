"""Time to write and read the files of a model of XLM-R base's size.

    python benchmarks/model_files.py [--layers 12] [--width 768] [--vocab 250002] [--folder DIR]

Prints one table: seconds (median of three) to initialise the encoder randomly, write it, load it
(with the file in the page cache, as after the previous job), compute its checksum, and save and
load the training state.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

RUNS = 3


def median_of(work: Callable[[], Any]) -> float:
    """Median seconds of a call."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in {"layers": 12, "width": 768, "vocab": 250002}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument(
        "--folder", help="folder on the disk to measure; default: the temporary folder"
    )
    options = parser.parse_args()
    from xstilts.files import sha256_of
    from xstilts.models.encoder import build_encoder, load_encoder, save_encoder
    from xstilts.training.state import load_state, save_state

    shape = {"vocab_size": options.vocab, "hidden_size": options.width, "dropout": 0.1}
    shape |= {"num_layers": options.layers, "num_heads": options.width // 64}
    shape |= {"intermediate_size": 4 * options.width, "max_length": 512}
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        encoder = build_encoder(shape)
        weights = encoder.state_dict()
        size = sum(tensor.nbytes for tensor in weights.values())
        moments = [[torch.zeros_like(t) for t in weights.values()] for _ in range(2)]
        state = {"encoder": weights, "optimiser": moments}
        rows = {
            "initialise randomly": lambda: build_encoder(shape),
            "write the model": lambda: save_encoder(encoder, folder),
            "load the model": lambda: load_encoder(folder),
            "checksum of the model": lambda: sha256_of(folder / "model.safetensors"),
            "save the training state": lambda: save_state(folder / "state", "x", 1, state),
            "load the training state": lambda: load_state(folder / "state", "x"),
        }
        sys.stdout.write(f"| a model of {size / 1e9:.2f} GB | seconds (median of {RUNS}) |\n")
        sys.stdout.write("|---|---|\n")
        for name, work in rows.items():
            sys.stdout.write(f"| {name} | {median_of(work):.2f} |\n")


if __name__ == "__main__":
    main()
