"""Wall-clock and CPU seconds of a job."""

from __future__ import annotations

import time
from typing import NamedTuple

from xstilts.device import device_of, synchronise

MOST_ROUNDS = 1000
"""More rounds than any benchmark asks for."""


class Seconds(NamedTuple):
    """Duration of a job."""

    wall: float
    cpu: float
    """Of all threads of this process: other processes affect it least."""


class Clock:
    """A stopwatch that starts when it is created."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def seconds(self) -> Seconds:
        """Seconds since the start; synchronises with the GPU first."""
        synchronise(device_of())
        return Seconds(time.perf_counter() - self._wall, time.process_time() - self._cpu)
