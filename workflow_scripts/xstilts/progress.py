"""How far a job is: lines in its log now and then, and its record for the display of the run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

LOGGER = logging.getLogger(__name__)

LOG_SECONDS = 30.0
"""At most so long without a line in the log."""
LOG_MARKS = 10
"""So many lines at even shares of the work, however short it is."""
PUBLISH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a job."""

    done: int
    total: int
    unit: str
    """What is counted, as in ``step``."""
    detail: str
    """The latest loss and speed, or what else a person would ask for."""
    seconds_left: float

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.unit} {self.done:,}/{self.total:,}, {self.detail}, "
            f"{duration(self.seconds_left)} left"
        )


class Reporter:
    """Passes on what a job says of its progress, no more often than a reader wants."""

    def __init__(
        self,
        publish: Callable[[Progress], None] | None = None,
        log: Callable[[str], None] = LOGGER.info,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing has been said yet.

        Args:
            publish: keeps the latest moment for the display of the run.
            log: writes a line.
            clock: seconds.
        """
        self._publish, self._log, self._clock = publish, log, clock
        self._logged = self._published = clock()
        self._mark = 0

    def __call__(self, progress: Progress) -> None:
        """Note a moment."""
        now, mark = self._clock(), LOG_MARKS * progress.done // max(1, progress.total)
        if now - self._logged >= LOG_SECONDS or mark != self._mark:
            self._logged, self._mark = now, mark
            self._log(str(progress))
        if self._publish and now - self._published >= PUBLISH_SECONDS:
            self._published = now
            self._publish(progress)


def seconds_left(done: int, total: int, elapsed: float) -> float:
    """Time for the rest at the speed so far."""
    return (total - done) * elapsed / max(1, done)


def duration(seconds: float) -> str:
    """A time as people say it: ``12 s``, ``4 min``, ``1 h 05 min``, ``2 d 3 h``."""
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
