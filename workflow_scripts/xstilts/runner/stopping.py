"""Stopping of a run, in Snakemake's process: one signal stops its jobs, a second one ends them.

Snakemake itself waits for running jobs after SIGTERM and SIGINT, and leaves them behind after
SIGHUP. Jobs in forks would not even get a signal that is sent to its process group.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from xstilts.training.signals import ASKING

if TYPE_CHECKING:
    from xstilts.runner.run_folder import RunFolder

REPEATED_SECONDS = 1.0
"""A signal so soon after the first one is the same request: ``timeout`` sends SIGTERM both to the
process and to its group, and a closing terminal sends several SIGHUPs."""
POLL_SECONDS = 0.5


class Stopping:
    """Waits for a signal, or for a job that stops the whole run (``run_folder.stop_run``)."""

    def __init__(
        self, run: RunFolder, stop: Callable[[], None], end: Callable[[int], NoReturn]
    ) -> None:
        """Prepare; :meth:`listen` or :meth:`interrupt` begins.

        Args:
            run: the run, whose jobs are asked to stop.
            stop: called after that, to schedule no further jobs.
            end: called with a second signal.
        """
        self._run, self._stop, self._end = run, stop, end
        self.signal: str | None = None
        """Name of the first signal."""
        self.reason: str | None = None
        """Why a job has stopped the run."""
        self._asked_at = 0.0

    @property
    def asked(self) -> bool:
        """True once the run is being stopped."""
        return bool(self.signal or self.reason)

    def listen(self) -> None:
        """Handle signals in a thread of their own; call this in the main thread.

        They are blocked in this thread, so that processes that are started from now on inherit
        that: a signal to the process group neither ends a shell before the job that it runs, nor a
        job that still imports (it delivers signals in ``training.signals.stoppable``).
        """
        numbers = heeded()
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda *_: None)
        threading.Thread(target=self._listen, args=[woken], daemon=True).start()
        # SIGUSR1, SLURM's warning, is for the jobs
        signal.pthread_sigmask(signal.SIG_BLOCK, {*numbers, signal.SIGUSR1})

    def interrupt(self) -> None:
        """Let signals interrupt the main thread, as Ctrl-C does.

        Snakemake then cancels its jobs on a cluster.
        """

        def handle(number: int, _frame: object) -> None:
            first = not self.asked
            self._handle(number)
            if first:
                raise KeyboardInterrupt

        for number in heeded():
            signal.signal(number, handle)

    def _listen(self, woken: int) -> None:
        try:
            self._wait(woken)
        except Exception:
            # nobody else delivers signals to this process
            traceback.print_exc()
            self._end(signal.SIGTERM)

    def _wait(self, woken: int) -> None:
        while True:
            ready, _, _ = select.select([woken], [], [], POLL_SECONDS)
            for number in os.read(woken, 64) if ready else b"":
                if number in ASKING:
                    self._handle(number)
            if not self.asked and (reason := self._run.reason()):
                self.reason = reason
                self._begin()

    def _handle(self, number: int) -> None:
        """Stop at the first signal; at a second one, end."""
        if not self.asked:
            self.signal = signal.Signals(number).name
            self._begin()
        elif number != signal.SIGHUP and time.monotonic() - self._asked_at > REPEATED_SECONDS:
            self._end(number)

    def _begin(self) -> None:
        self._asked_at = time.monotonic()
        self._run.stop_jobs()
        self._stop()


def heeded() -> list[signal.Signals]:
    """Return the signals that ask to stop, without those that this process ignores."""
    return [number for number in ASKING if signal.getsignal(number) is not signal.SIG_IGN]


def kill_children() -> None:
    """Kill all processes that this one has started, and those that they have started."""
    # imported late: Snakemake has imported it by the time of its first job
    import psutil

    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            child.kill()
