"""How long the resampling of a full study of XTREME takes: 19 strategies, 3 seeds, 9 targets.

    python benchmarks/bootstrap.py [--replicates N] [--strategies N] [--seeds N]

Prints a row per target: examples, cells (strategy, seed, language), seconds to resample all of them
and to compare every strategy with the first, and scores drawn per second. Answers are random; sizes
are those of XTREME's test sets, a middle one where languages differ. Languages of XNLI and XQuAD
share their examples, as there. BUCC is left out: it is not resampled by `jiant-2020`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

from xstilts.statistics.counts import Counts
from xstilts.statistics.inference import RESAMPLES, estimate
from xstilts.statistics.sample import Sample

# target: examples per language, languages, whether they are parallel
SIZES = {
    "xnli": (5010, 15, True),
    "pawsx": (2000, 7, True),
    "udpos": (1000, 33, False),
    "panx": (5000, 40, False),
    "xquad": (1190, 11, True),
    "mlqa": (6000, 7, False),
    "tydiqa": (800, 9, False),
    "tatoeba": (900, 36, False),
}


def counts_of(target: str, strategies: int, seeds: int) -> dict[tuple[str, int, str], Counts]:
    """Random answers, half of them right."""
    size, languages, parallel = SIZES[target]
    draw = np.random.default_rng(0)
    ones = np.ones(size)
    found = {}
    for language in map(str, range(languages)):
        ids = tuple(f"{'' if parallel else language}-{at}" for at in range(size))
        for strategy in map(str, range(strategies)):
            for seed in range(seeds):
                right = draw.integers(0, 2, size).astype(float)
                found[strategy, seed, language] = Counts(ids, right, ones)
    return found


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=RESAMPLES)
    parser.add_argument("--strategies", type=int, default=19)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    total_seconds, total_drawn = 0.0, 0
    say(f"{'target':<10} {'examples':>8} {'cells':>6} {'seconds':>8} {'scores/s':>10}")
    for target, (size, _, _) in SIZES.items():
        counts = counts_of(target, given.strategies, given.seeds)
        scores = {key: one.value() for key, one in counts.items()}
        start = time.perf_counter()
        sample = Sample(target, scores, counts, {}, given.replicates)
        for strategy in map(str, range(1, given.strategies)):
            found = sample.difference(strategy, "0")
            estimate(found.values_S, found.draws_BS)
        seconds, drawn = time.perf_counter() - start, len(counts) * given.replicates
        total_seconds, total_drawn = total_seconds + seconds, total_drawn + drawn
        rate = drawn / seconds
        say(f"{target:<10} {size:>8} {len(counts):>6} {seconds:>8.1f} {rate:>10,.0f}")
    say(f"all: {total_seconds:.1f} s for {total_drawn:,} scores on resampled test sets")


if __name__ == "__main__":
    main()
