"""How long the rest of a run takes, from the durations of earlier jobs of the same kind."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from pathlib import Path

from xstilts.benchmark_files import run_seconds

TRAINED = ("bases", "intermediate", "target")
COSTLY = (*TRAINED, "predictions")
"""Kinds whose jobs take as long as they take; of all others a guess will do."""
QUICK_SECONDS = 3.0
_MOST_RECORDS = 10
"""Records of earlier jobs that are read for a set of like ones."""


def likeness(name: str) -> tuple[tuple[str, ...], ...]:
    """What jobs must share to be alike, from closely to loosely.

    The same but for the seed; the same base model and last stage or target; the same base model;
    the same kind of product. The training of a target says nothing of that of an intermediate
    stage, whose set is often a hundred times as large.

    Args:
        name: a product's path below ``results/STUDY``, as in ``target/mini/seed-1/mnli/xnli``.
    """
    kind, *place = (part for part in name.split("/") if not part.startswith("seed-"))
    last = place[-1].rpartition("~")[2] if place else ""
    return (kind, *place), (kind, *place[:1], "", last), (kind, *place[:1], ""), (kind,)


class Durations:
    """Seconds of finished jobs, for a guess at those of others."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], list[float]] = {}

    def add(self, name: str, seconds: float) -> None:
        """Note how long the job of a product took."""
        for key in likeness(name):
            self._found.setdefault(key, []).append(seconds)

    def read(self, benchmarks: Path, names: Iterable[str]) -> None:
        """Note what earlier jobs like those of some products took.

        Args:
            benchmarks: folder of Snakemake's records, which mirrors that of the products.
            names: products that will be made.
        """
        wanted = {likeness(name)[-1] for name in names}
        read: dict[tuple[str, ...], int] = {}
        for file in sorted(benchmarks.rglob("*.jsonl")):
            name = file.relative_to(benchmarks).with_suffix("").as_posix()
            _, like, _, loosest = likeness(name)
            if loosest in wanted and read.setdefault(like, 0) < _MOST_RECORDS:
                read[like] += 1
                for seconds in run_seconds(file):
                    self.add(name, seconds)

    def guess(self, name: str) -> float | None:
        """Seconds that the job of a product takes; None where nothing like it is known."""
        for key in likeness(name):
            if key in self._found:
                return statistics.fmean(self._found[key])
        return None if name.partition("/")[0] in COSTLY else QUICK_SECONDS

    def left(
        self, waiting: Iterable[str], runtime: Iterable[tuple[str, float]], parallel: float
    ) -> tuple[float, bool]:
        """Seconds until all is done, and whether every job was counted.

        Args:
            waiting: products whose jobs have not started.
            runtime: products in work, and the seconds of work so far.
            parallel: jobs at a time.
        """
        guesses = [self.guess(name) for name in waiting]
        for name, spent in runtime:
            guess = self.guess(name)
            guesses.append(None if guess is None else max(0.0, guess - spent))
        known = [guess for guess in guesses if guess is not None]
        seconds = max(sum(known) / max(1.0, parallel), max(known, default=0.0))
        return seconds, len(known) == len(guesses)
