"""Lines on a terminal or in a log; on a terminal, one status line below them."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TextIO

CLEAR = "\r\x1b[K"


class Screen:
    """A text stream whose last line, on a terminal, can change.

    Whatever else is written through it comes above that line. Only one line, since jobs write
    their errors to the same terminal by themselves: more would be drawn over them.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lock = stream, threading.RLock()
        self._status = ""
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb"

    def write(self, text: str) -> int:
        """Write text above the status line, which comes back with the next :meth:`show`."""
        with self._lock:
            self._stream.write(self._wiped() + text)
            return len(text)

    def show(self, status: str) -> None:
        """Replace the status line; nothing where the stream is no terminal."""
        if not self.live:
            return
        width = shutil.get_terminal_size().columns - 1
        status = status if len(status) <= width else status[: width - 3] + "..."
        with self._lock:
            self._stream.write(self._wiped() + status)
            self._status = status
            self._stream.flush()

    def flush(self) -> None:
        """Write what is buffered."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether this is a terminal."""
        return self._stream.isatty()

    def _wiped(self) -> str:
        """What removes the status line."""
        drawn, self._status = self._status, ""
        return CLEAR if drawn else ""


def bar(done: int, total: int, width: int = 20) -> str:
    """``[#####...............]``."""
    full = width * done // max(1, total)
    return f"[{'#' * full}{'.' * (width - full)}]"
