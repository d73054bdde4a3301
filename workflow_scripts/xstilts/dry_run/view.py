"""Output of a dry run: a summary instead of Snakemake's account of each job."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TextIO

from xstilts.monitor.run import event_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NOTHING = "Nothing to be done"
"""Beginning of Snakemake's message if all is up to date."""


class View(logging.Handler):
    """Log handler that writes the summary when Snakemake knows all jobs."""

    def __init__(self, summarise: Callable[[], Iterable[str]], stream: TextIO) -> None:
        """Write to a stream.

        Args:
            summarise: returns the lines of the summary, once all jobs are known.
            stream: output.
        """
        super().__init__()
        self._summarise, self._stream = summarise, stream
        self._started = self._written = False

    def is_shown(self, record: logging.LogRecord) -> bool:
        """True if Snakemake's own line is shown: warnings, errors, and that nothing is to be done.

        Before a dry run starts, all lines are: --dag, --summary and so on do not start one.
        """
        self._started |= event_of(record) == "workflow_started"
        important = record.levelno >= logging.WARNING or str(record.msg).startswith(NOTHING)
        return important or not self._started

    def emit(self, record: logging.LogRecord) -> None:
        """Write the summary at the first table of jobs, which Snakemake repeats at the end."""
        if event_of(record) == "run_info" and not self._written:
            self._written = True
            self._stream.writelines(f"{line}\n" for line in self._summarise())
            self._stream.flush()
