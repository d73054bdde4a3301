"""Signals that ask a job to stop.

Training records them, checks between two steps, when its state is consistent, and saves the state
(:func:`stop_request`). All other code of jobs stops where it is, by an exception
(:func:`stoppable`): files are written under temporary names, and renamed when complete. Signals
that this process ignores, as after ``nohup`` or ``&``, stay ignored.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence

from xstilts.errors import Stopped

ASKING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Of ``kill``, ``timeout`` and batch systems; of Ctrl-C; of a terminal that is closed."""
STOPPING = (*ASKING, signal.SIGUSR1)
"""Signals that ask a stage to save its state and stop; SIGUSR1 is SLURM's warning."""
CLEANUP_SECONDS = 5.0
"""Seconds in which a job removes its temporary files; then the kernel ends it (SIGALRM)."""

Handler = Callable[[int, object], None]


class StopRequest:
    """The signal received, if any; checked between steps, when the state is consistent."""

    def __init__(self) -> None:
        self.signal: str | None = None

    def __call__(self, number: int, _frame: object) -> None:
        """Signal handler."""
        self.signal = signal.Signals(number).name


@contextlib.contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Record the signals instead of dying at once."""
    request = StopRequest()
    with handled(STOPPING, request):
        yield request


@contextlib.contextmanager
def handled(numbers: Sequence[signal.Signals], handler: Handler) -> Iterator[None]:
    """Handle those of some signals that this process does not ignore while the block runs.

    Does nothing in other threads than the main one, which cannot.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    previous = [signal.signal(number, handler) for number in heeded]
    try:
        yield
    finally:
        for number, former in zip(heeded, previous, strict=True):
            signal.signal(number, former)


class _Stop:
    """Signal handler: raises :class:`Stopped`, once."""

    def __init__(self) -> None:
        self.asked = self.postponed = False

    def __call__(self, number: int, _frame: object) -> None:
        if self.asked or self.postponed:
            return
        self.asked = True
        # a library may swallow the exception
        signal.setitimer(signal.ITIMER_REAL, CLEANUP_SECONDS)
        raise Stopped(signal.Signals(number).name)


_STOP = _Stop()


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Raise ``Stopped`` in the block when a signal asks this process to stop.

    Snakemake's process blocks the signals in the processes that it starts (``runner/stopping.py``),
    so that none arrives while a job still imports; here they are delivered.
    """
    with handled(STOPPING, _STOP):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        yield


def postpone_stop() -> None:
    """Let this process finish although it is asked to stop: it only has to write its model.

    Nothing but the model has the last steps of a stage. While the stage trains, the signals are
    those of :func:`stop_request`.
    """
    _STOP.postponed = True
