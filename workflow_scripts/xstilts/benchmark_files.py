"""What Snakemake measured of jobs: the files of ``benchmark:``, a line of JSON per run of a job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def read_benchmark(path: Path) -> list[dict[str, Any]]:
    """The measurements of each run of a job, the last run last.

    ``s`` are seconds of wall-clock time and ``max_rss`` is the largest memory in MB; of a job that
    was too short to be measured a value may be the text ``NA``, or missing.

    Args:
        path: a benchmark file; one that is missing has no runs, and a line that was cut is no run.
    """
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            found.append(record)
    return found


def run_seconds(path: Path) -> list[float]:
    """Seconds of each run of a job that has them in its benchmark file, the last run last."""
    seconds = (record.get("s") for record in read_benchmark(path))
    return [float(value) for value in seconds if isinstance(value, int | float)]
