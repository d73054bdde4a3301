"""A process that computes one way, a round whenever it is told: its peak memory is its own.

    python worker.py SETUP FOLDER [LANGUAGE]

SETUP is a ``Setup`` as JSON. For each line of its input it computes a round and answers with one
line of JSON: wall and CPU seconds, and the bytes that were held at most.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow_scripts"))

from typing import TYPE_CHECKING

from setup import Setup

if TYPE_CHECKING:
    from clock import Seconds


def seconds_of(setup: Setup, folder: Path, language: str) -> Seconds:
    """One round."""
    if setup.way == "peak":
        from machine import matrix_product

        return matrix_product(setup.device, setup.precision)
    if setup.way.startswith("ours"):
        import ours

        if setup.workload == "evaluation":
            return ours.predict_seconds(setup, folder)
        return ours.train_seconds(setup, folder)
    import peers

    if setup.workload == "evaluation":
        return peers.predict_seconds(setup, folder, language)
    return peers.train_seconds(setup, folder)


def main() -> None:
    """Compute rounds until the input ends."""
    setup, folder = Setup(**json.loads(sys.argv[1])), Path(sys.argv[2])
    language = sys.argv[3] if len(sys.argv) > 3 else ""
    warnings.simplefilter("ignore")
    answers, sys.stdout = sys.stdout, sys.stderr
    os.environ["OMP_NUM_THREADS"] = str(setup.threads)

    import torch

    from xstilts.training.running import device_of, peak_memory

    torch.set_num_threads(setup.threads)
    folder.mkdir(parents=True, exist_ok=True)
    for _ in sys.stdin:
        seconds = seconds_of(setup, folder, language)
        record = {**seconds._asdict(), "memory": peak_memory(device_of(setup.device))}
        answers.write(json.dumps(record) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
