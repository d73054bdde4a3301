"""Output to terminals of any encoding."""

from __future__ import annotations

import io
import sys


def replace_unencodable() -> None:
    """Print ``?`` for characters that the encoding of the terminal lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
