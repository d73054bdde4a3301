"""One finding of ``xstilts doctor``: what was looked at, what was found, and what to do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "fault", "not checked"]
TOOL_SECONDS = 15.0
"""Longest wait for an answer of a command of the system."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check, one line."""

    level: Level
    """``fault`` if a run would fail or its results would be at risk."""
    subject: str
    """What was looked at."""
    found: str
    do: str = ""
    """What to set or to do; empty if nothing."""


Check = Callable[[], Iterator[Finding]]


def answer(words: Sequence[str]) -> tuple[bool, str]:
    """Return whether a command of the system succeeded, and its output or why it has none."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {TOOL_SECONDS:.0f} s"
    except OSError as error:
        return False, error.strerror or str(error)
    return done.returncode == 0, (done.stdout.strip() or done.stderr.strip())


def guarded(subject: str, check: Check) -> Iterator[Finding]:
    """Yield the findings of a check; one that ends in an error is a warning of its own."""
    try:
        yield from check()
    # a machine in a state that nobody foresaw is what this command is for
    except Exception as error:
        yield Finding("warning", subject, f"the check failed: {type(error).__name__}: {error}")
