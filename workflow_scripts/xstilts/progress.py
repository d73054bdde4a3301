"""Progress of a job: lines in its log, and updates of its record for the display of the run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

LOGGER = logging.getLogger(__name__)

LOG_SECONDS = 30.0
"""Maximum seconds between log lines."""
LOG_MARKS = 10
"""Minimum number of log lines per job, evenly spaced."""
PUBLISH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a job at a moment."""

    done: int
    total: int
    unit: str
    """Unit of the counts, such as ``step``."""
    detail: str
    """Additional text, such as the latest loss and speed."""
    seconds_left: float

    def __str__(self) -> str:
        """Return one line of text."""
        return (
            f"{self.unit} {self.done:,}/{self.total:,}, {self.detail}, "
            f"{duration(self.seconds_left)} left"
        )


class Reporter:
    """Forwards the progress of a job to its log and record, at a limited rate."""

    def __init__(
        self,
        publish: Callable[[Progress], None] | None = None,
        log: Callable[[str], None] = LOGGER.info,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock of the job.

        Args:
            publish: updates the job's record.
            log: writes a line to the log.
            clock: returns seconds.
        """
        self._publish, self._log, self._clock = publish, log, clock
        self._logged = self._published = clock()
        self._mark = 0

    def __call__(self, progress: Progress) -> None:
        """Report the current progress."""
        now, mark = self._clock(), LOG_MARKS * progress.done // max(1, progress.total)
        if now - self._logged >= LOG_SECONDS or mark != self._mark:
            self._logged, self._mark = now, mark
            self._log(str(progress))
        if self._publish and now - self._published >= PUBLISH_SECONDS:
            self._published = now
            self._publish(progress)


def seconds_left(done: int, total: int, elapsed: float) -> float:
    """Estimate the remaining seconds from the speed so far."""
    return (total - done) * elapsed / max(1, done)


def duration(seconds: float) -> str:
    """Return a duration as text: ``12 s``, ``4 min``, ``1 h 05 min``, ``2 d 3 h``."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"
