"""Snakemake's benchmark files (``benchmark:``): a line of JSON per run of a job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def read_benchmark(path: Path) -> list[dict[str, Any]]:
    """Return the measurements of each run of a job, the last run last.

    ``s`` is wall-clock time in seconds, ``max_rss`` peak memory in MB. For a job too short to be
    measured, a value may be the text ``NA``, or missing.

    Args:
        path: a benchmark file; a missing file gives no runs, and truncated lines are skipped.
    """
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    for line in lines:
        try:
            item = json.loads(line)
        except ValueError:
            continue
        if isinstance(item, dict):
            found.append(item)
    return found


def run_seconds(path: Path) -> list[float]:
    """Return the seconds of each measured run of a job, the last run last."""
    seconds = (item.get("s") for item in read_benchmark(path))
    return [float(value) for value in seconds if isinstance(value, int | float)]
