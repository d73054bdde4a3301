"""Remaining time of a run, estimated from the durations of earlier, similar jobs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from pathlib import Path

from xstilts.benchmark_files import run_seconds

TRAINED = ("bases", "intermediate", "target")
COSTLY = (*TRAINED, "predictions")
"""Kinds whose durations are estimated from earlier jobs only, without a default."""
QUICK_SECONDS = 3.0
"""Default duration of jobs of all other kinds."""
_MAX_FILES = 10
"""Benchmark files that are read per group of similar jobs."""


def similarity_keys(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the keys that similar jobs share, from closest to loosest.

    Same product except for the seed; same base model and last stage or target; same base model;
    same kind of product. Target stages are no estimate for intermediate stages, whose training sets
    are often a hundred times as large.

    Args:
        name: a product's path below ``results/STUDY``, as in ``target/mini/seed-1/mnli/xnli``.
    """
    kind, *rest = (part for part in name.split("/") if not part.startswith("seed-"))
    last = rest[-1].rpartition("~")[2] if rest else ""
    return (kind, *rest), (kind, *rest[:1], "", last), (kind, *rest[:1], ""), (kind,)


class Durations:
    """Durations of finished jobs, to estimate those of other jobs."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], list[float]] = {}

    def add(self, name: str, seconds: float) -> None:
        """Add the duration of a product's job, in seconds."""
        for key in similarity_keys(name):
            self._found.setdefault(key, []).append(seconds)

    def read(self, benchmarks: Path, names: Iterable[str]) -> None:
        """Add the durations of earlier jobs that are similar to those of some products.

        Args:
            benchmarks: folder of Snakemake's benchmark files, which mirrors that of the products.
            names: products that will be made.
        """
        wanted = {similarity_keys(name)[-1] for name in names}
        read: dict[tuple[str, ...], int] = {}
        for file in sorted(benchmarks.rglob("*.jsonl")):
            name = file.relative_to(benchmarks).with_suffix("").as_posix()
            _, similar, _, loosest = similarity_keys(name)
            if loosest in wanted and read.setdefault(similar, 0) < _MAX_FILES:
                read[similar] += 1
                for seconds in run_seconds(file):
                    self.add(name, seconds)

    def estimate(self, name: str) -> float | None:
        """Return the expected seconds of a product's job; None without similar finished jobs."""
        for key in similarity_keys(name):
            if key in self._found:
                return statistics.fmean(self._found[key])
        return None if name.partition("/")[0] in COSTLY else QUICK_SECONDS

    def left(
        self, waiting: Iterable[str], running: Iterable[tuple[str, float]], parallel: float
    ) -> tuple[float, bool]:
        """Return the remaining seconds of the run, and True if they cover every job.

        Args:
            waiting: products whose jobs have not started.
            running: products whose jobs are running, with their seconds so far.
            parallel: mean number of jobs at the same time.
        """
        estimates = [self.estimate(name) for name in waiting]
        for name, spent in running:
            total = self.estimate(name)
            estimates.append(None if total is None else max(0.0, total - spent))
        known = [seconds for seconds in estimates if seconds is not None]
        left = max(sum(known) / max(1.0, parallel), max(known, default=0.0))
        return left, len(known) == len(estimates)
