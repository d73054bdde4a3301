"""A process that runs one implementation, one round per request, with a peak memory of its own.

    python worker.py SETUP FOLDER [LANGUAGE]

SETUP is a ``Setup`` as JSON. For each line on stdin it computes a round and prints one line of
JSON: wall-clock and CPU seconds, the real tokens of a round, the peak and the present memory in
bytes, and what a job of ``jobs.py`` found; or, before it ends, the error.
The rounds of training are parts of one training run, so that one-off costs (memory allocation, the
choice of kernels) fall into the first round.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import traceback
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow_scripts"))

from typing import TYPE_CHECKING, Any

from setup import Setup

JOBS = ("peak", "machine", "model", "stage", "agreement")
"""Ways that are a job of ``jobs.py``: one round, which is no part of a training or prediction."""

QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
"""Nothing is downloaded, and output has errors only."""

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

    def answer(self, seconds: Seconds, num_tokens: int = 0, **found: Any) -> None:
        """Print the measurements of a round."""
        from xstilts.device import device_of
        from xstilts.training.runtime import peak_memory

        device = device_of(self._device)
        record = {**seconds._asdict(), "tokens": num_tokens, "memory": peak_memory(device)}
        record["resident"] = resident_memory()
        self._print({**record, **found})

    def fail(self, error: Exception) -> None:
        """Print an error: its type and the first line of its message."""
        first = next(iter(str(error).splitlines()), "")
        self._print({"error": f"{type(error).__name__}: {first:.200}"})

    def _print(self, record: dict[str, Any]) -> None:
        self._answers.write(json.dumps(record) + "\n")
        self._answers.flush()


def resident_memory() -> int:
    """Main memory of this process in bytes; 0 where the system does not say."""
    status = Path("/proc/self/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return int(found[1]) * 1024 if found else 0


def compute(setup: Setup, folder: Path, rounds: Rounds, language: str) -> None:
    """Compute rounds until no further one is requested."""
    if setup.way in JOBS:
        job = getattr(importlib.import_module("jobs"), setup.way)
        for _ in sys.stdin:
            seconds, found = job(setup, folder)
            rounds.answer(seconds, **found)
        return
    implementation = importlib.import_module("ours" if setup.way.startswith("ours") else "peers")
    if setup.workload == "evaluation":
        for _ in sys.stdin:
            rounds.answer(implementation.predict_seconds(setup, folder, language))
    elif setup.predict:
        implementation.predict_rounds(setup, folder, rounds.turn)
    else:
        implementation.train(setup, folder, rounds.turn)


def main() -> None:
    """Compute rounds until stdin ends."""
    setup, folder = Setup(**json.loads(sys.argv[1])), Path(sys.argv[2])
    language = sys.argv[3] if len(sys.argv) > 3 else ""
    warnings.simplefilter("ignore")
    answers, sys.stdout = sys.stdout, sys.stderr
    os.environ |= {"OMP_NUM_THREADS": str(setup.threads)} | QUIET
    if setup.deterministic:
        # cuBLAS reads it at its first use
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"

    import torch

    torch.set_num_threads(setup.threads)
    torch.use_deterministic_algorithms(setup.deterministic)
    folder.mkdir(parents=True, exist_ok=True)
    rounds = Rounds(answers, setup.device)
    try:
        compute(setup, folder, rounds, language)
    # whatever it is, who measures is told
    except Exception as error:
        traceback.print_exc()
        rounds.fail(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
