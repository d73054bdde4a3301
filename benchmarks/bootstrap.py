"""Time to bootstrap a full XTREME result: 19 strategies, 3 seeds, 9 targets.

    python benchmarks/bootstrap.py [--replicates N] [--strategies N] [--seeds N]

Prints a row per target: examples of all languages, cells (strategy, seed, language), seconds to
resample all of them and seconds to compare every strategy with the first (interval, p-values, swap
test), both wall-clock and CPU; then the peak memory. Answers are random. Sizes are those of the
test sets of XTREME; where only the smallest and the largest language are known, the others are
interpolated. The languages of XNLI, PAWS-X and XQuAD share their examples, those of MLQA a part of
them. Examples of one premise or paragraph are one cluster.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from pathlib import Path

# like the workflow's job, which has one core
os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

import numpy as np

from xstilts.comparisons.effects import effect
from xstilts.statistics.clusters import joined_clusters
from xstilts.statistics.counts import Counts
from xstilts.statistics.target_scores import TargetScores

TATOEBA = [205, 234, 307, 390, 548, 575, 687, 746]
# target: kind of score, examples of each language, whether languages share them, and the number of
# examples of a premise or paragraph
TARGETS = {
    "xnli": ("accuracy", [5010] * 15, True, 3),
    "pawsx": ("accuracy", [2000] * 7, True, 1),
    "udpos": ("f1", np.geomspace(47, 22_458, 33).astype(int).tolist(), False, 1),
    "panx": ("f1", [10_000] * 24 + [1000] * 13 + [100] * 3, False, 1),
    "xquad": ("answers", [1190] * 11, True, 5),
    "mlqa": ("answers", [11_590, 5335, 4517, 5253, 4918, 5495, 5137], True, 1),
    "tydiqa": ("answers", np.geomspace(323, 2719, 9).astype(int).tolist(), False, 1),
    "bucc2018": ("f1", [9580, 9086, 14_435, 1899], False, 1),
    "tatoeba": ("accuracy", TATOEBA + [1000] * 28, False, 1),
}


def counts_of(target: str, strategies: int, seeds: int) -> dict[tuple[str, int, str], Counts]:
    """Random answers, half of them right."""
    kind, sizes, parallel, _ = TARGETS[target]
    draw = np.random.default_rng(0)
    found = {}
    for number, size in enumerate(sizes):
        ids = tuple(f"{'' if parallel else number}-{at}" for at in range(size))
        bottom = np.ones(size)
        for strategy in map(str, range(strategies)):
            for seed in range(seeds):
                top = draw.integers(0, 2, size).astype(float)
                if kind == "answers":
                    top *= draw.random(size)
                if kind == "f1":
                    bottom = 2.0 + draw.integers(0, 2, size)
                    top *= 2
                found[strategy, seed, str(number)] = Counts(ids, top, bottom)
    return found


def clusters_of(target: str) -> dict[str, dict[str, str]]:
    """Clusters of consecutive examples, as the workflow's job finds them; joined by id."""
    _, sizes, parallel, together = TARGETS[target]
    return joined_clusters(
        {
            str(number): {
                f"{'' if parallel else number}-{at}": f"{number} {at // together}"
                if together > 1
                else None
                for at in range(size)
            }
            for number, size in enumerate(sizes)
        }
    )


class Clock:
    """A stopwatch."""

    def __init__(self) -> None:
        """Start."""
        self._start = (time.perf_counter(), time.process_time())

    def read(self) -> tuple[float, float]:
        """Wall-clock and CPU seconds since the start."""
        return time.perf_counter() - self._start[0], time.process_time() - self._start[1]


def say(line: str) -> None:
    """Print a line without buffering."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=10_000)
    parser.add_argument("--strategies", type=int, default=19)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    rows = []
    titles = ("target", "examples", "cells", "resample", "(CPU)", "compare", "(CPU)")
    say("{:<10}{:>9}{:>7}{:>10}{:>8}{:>9}{:>8}".format(*titles))
    for target, (_, sizes, *_) in TARGETS.items():
        counts = counts_of(target, given.strategies, given.seeds)
        scores = {key: one.value() for key, one in counts.items()}
        clock = Clock()
        clusters = clusters_of(target)
        measured = TargetScores(target, scores, counts, {}, given.replicates, clusters)
        resampled, clock = clock.read(), Clock()
        for strategy in map(str, range(1, given.strategies)):
            effect(measured.difference(strategy, "0", swaps=True))
        rows.append((sum(sizes), len(counts), *resampled, *clock.read()))
        say("{:<10}{:>9,}{:>7,}{:>10.1f}{:>8.1f}{:>9.1f}{:>8.1f}".format(target, *rows[-1]))
    _, cells, *seconds = map(sum, zip(*rows, strict=True))
    say(
        f"all: {seconds[0] + seconds[2]:.1f} s ({seconds[1] + seconds[3]:.1f} s of CPU) "
        f"for {cells * given.replicates:,} scores on bootstrap samples"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    say(f"peak memory: {peak:.1f} GB")


if __name__ == "__main__":
    main()
