"""A process that computes one way, a round whenever it is told: its peak memory is its own.

    python worker.py SETUP FOLDER [LANGUAGE]

SETUP is a ``Setup`` as JSON. For each line of its input it computes a round and answers with one
line of JSON: wall and CPU seconds, the real tokens of a training's round, and the bytes that were
held at most. Rounds of training are parts of one training, as in a long one: what its first steps
alone do (memory from the system, kernels that are chosen) is left to the first round.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow_scripts"))

from typing import TYPE_CHECKING, Any

from setup import Setup

if TYPE_CHECKING:
    from clock import Seconds


class Rounds:
    """The rounds that this process is asked for and answers."""

    def __init__(self, answers: Any, device: str) -> None:
        self._answers, self._device = answers, device
        self._clock: Any = None

    def turn(self, num_tokens: int = 0) -> None:
        """End the round in work, if any, and wait for the next; the process ends with its input.

        Args:
            num_tokens: real ones of the round that ends.
        """
        from clock import Clock

        if self._clock:
            self.answer(self._clock.seconds(), num_tokens)
        if not sys.stdin.readline():
            sys.exit()
        self._clock = Clock()

    def answer(self, seconds: Seconds, num_tokens: int = 0) -> None:
        """Tell what a round took."""
        from xstilts.device import device_of
        from xstilts.training.runtime import peak_memory

        memory = peak_memory(device_of(self._device))
        record = {**seconds._asdict(), "tokens": num_tokens, "memory": memory}
        self._answers.write(json.dumps(record) + "\n")
        self._answers.flush()


def train(setup: Setup, folder: Path, rounds: Rounds) -> None:
    """Train until no round is asked for."""
    if setup.way.startswith("ours"):
        import ours

        ours.train(setup, folder, rounds.turn)
    else:
        import peers

        peers.train(setup, folder, rounds.turn)


def seconds_of(setup: Setup, folder: Path, language: str) -> Seconds:
    """A round that stands for itself."""
    if setup.way == "peak":
        from machine import matrix_product

        return matrix_product(setup.device, setup.precision)
    if setup.way.startswith("ours"):
        import ours

        return ours.predict_seconds(setup, folder)
    import peers

    return peers.predict_seconds(setup, folder, language)


def main() -> None:
    """Compute rounds until the input ends."""
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
