"""Output of lines to a terminal or log, with a status line on terminals."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from typing import TextIO

CLEAR = "\r\x1b[K"


class Screen:
    """A text stream with a status line as its last line on a terminal.

    Other output appears above that line. It is a single line because jobs write errors to the same
    terminal directly, which several lines would overwrite. If the terminal is closed, nothing is
    shown, and the run ends by a signal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lock = stream, threading.RLock()
        self._status = ""
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb"

    def write(self, text: str) -> int:
        """Write text above the status line, which the next :meth:`show` redraws."""
        with self._lock, contextlib.suppress(OSError):
            self._stream.write(self._wiped() + text)
        return len(text)

    def show(self, status: str) -> None:
        """Replace the status line; does nothing if the stream is not a terminal."""
        if not self.live:
            return
        width = shutil.get_terminal_size().columns - 1
        status = status if len(status) <= width else status[: width - 3] + "..."
        with self._lock, contextlib.suppress(OSError):
            self._stream.write(self._wiped() + status)
            self._status = status
            self._stream.flush()

    def flush(self) -> None:
        """Flush the stream."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        """True if the stream is a terminal."""
        return self._stream.isatty()

    def _wiped(self) -> str:
        """Forget the status line and return the characters that clear it."""
        drawn, self._status = self._status, ""
        return CLEAR if drawn else ""


def bar(done: int, total: int, width: int = 20) -> str:
    """Return a progress bar: ``[#####...............]``."""
    full = width * done // max(1, total)
    return f"[{'#' * full}{'.' * (width - full)}]"
