"""A process that runs one implementation, one round per request, with a peak memory of its own.

    python worker.py SETUP FOLDER [LANGUAGE]

SETUP is a ``Setup`` as JSON. For each line on stdin it computes a round and prints one line of
JSON: wall-clock and CPU seconds, the real tokens of a training round, and the peak and the present
memory in bytes.
The rounds of training are parts of one training run, so that one-off costs (memory allocation, the
choice of kernels) fall into the first round.
"""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow_scripts"))

from typing import TYPE_CHECKING, Any

from setup import Setup

if TYPE_CHECKING:
    from clock import Seconds


class Rounds:
    """Answers the requests for rounds."""

    def __init__(self, answers: Any, device: str) -> None:
        self._answers, self._device = answers, device
        self._clock: Any = None

    def turn(self, num_tokens: int = 0) -> None:
        """End the current round, if any, and wait for the next; exit at the end of stdin.

        Args:
            num_tokens: real tokens of the round that ends.
        """
        from clock import Clock

        if self._clock:
            self.answer(self._clock.seconds(), num_tokens)
        if not sys.stdin.readline():
            sys.exit()
        self._clock = Clock()

    def answer(self, seconds: Seconds, num_tokens: int = 0) -> None:
        """Print the measurements of a round."""
        from xstilts.device import device_of
        from xstilts.training.runtime import peak_memory

        device = device_of(self._device)
        record = {**seconds._asdict(), "tokens": num_tokens, "memory": peak_memory(device)}
        record["resident"] = resident_memory()
        self._answers.write(json.dumps(record) + "\n")
        self._answers.flush()


def resident_memory() -> int:
    """Main memory of this process in bytes; 0 where the system does not say."""
    status = Path("/proc/self/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return int(found[1]) * 1024 if found else 0


def train(setup: Setup, folder: Path, rounds: Rounds) -> None:
    """Train until no further round is requested."""
    if setup.way.startswith("ours"):
        import ours

        ours.train(setup, folder, rounds.turn)
    else:
        import peers

        peers.train(setup, folder, rounds.turn)


def seconds_of(setup: Setup, folder: Path, language: str) -> Seconds:
    """Seconds of a round that is no part of a training run."""
    if setup.way == "peak":
        from machine import matrix_product

        return matrix_product(setup.device, setup.precision)
    if setup.way.startswith("ours"):
        import ours

        return ours.predict_seconds(setup, folder)
    import peers

    return peers.predict_seconds(setup, folder, language)


def main() -> None:
    """Compute rounds until stdin ends."""
    setup, folder = Setup(**json.loads(sys.argv[1])), Path(sys.argv[2])
    language = sys.argv[3] if len(sys.argv) > 3 else ""
    warnings.simplefilter("ignore")
    answers, sys.stdout = sys.stdout, sys.stderr
    os.environ["OMP_NUM_THREADS"] = str(setup.threads)

    import torch

    torch.set_num_threads(setup.threads)
    folder.mkdir(parents=True, exist_ok=True)
    rounds = Rounds(answers, setup.device)
    if setup.way != "peak" and setup.workload != "evaluation":
        train(setup, folder, rounds)
    for _ in sys.stdin:
        rounds.answer(seconds_of(setup, folder, language))


if __name__ == "__main__":
    main()
