"""Wall-clock and CPU seconds of a job."""

from __future__ import annotations

import time
from typing import NamedTuple

import torch

MOST_ROUNDS = 1000
"""More than any training of a benchmark is asked for."""


class Seconds(NamedTuple):
    """What a job took."""

    wall: float
    cpu: float
    """Of all threads of this process: what other processes disturb least."""


class Clock:
    """Starts when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def seconds(self) -> Seconds:
        """Since the start; waits for a GPU."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return Seconds(time.perf_counter() - self._wall, time.process_time() - self._cpu)
