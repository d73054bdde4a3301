"""Signals that ask a stage to stop, checked between steps."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

STOPPING = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
"""Signals that ask a stage to save its state and stop; SIGUSR1 is SLURM's warning."""


class StopRequest:
    """The signal received, if any; checked between steps, when the state is consistent."""

    def __init__(self) -> None:
        self.signal: str | None = None

    def __call__(self, number: int, _frame: object) -> None:
        """Signal handler."""
        self.signal = signal.Signals(number).name


@contextlib.contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Record SIGTERM, SIGINT and SIGUSR1 instead of dying at once."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    previous = [signal.signal(number, request) for number in STOPPING]
    try:
        yield request
    finally:
        for number, handler in zip(STOPPING, previous, strict=True):
            signal.signal(number, handler)
