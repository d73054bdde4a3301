"""Coverage of the 95 % intervals, by simulation: how often they contain a known effect.

    python benchmarks/coverage.py [--sets N] [--replicates N] [--seeds N ...] [--std X ...]
        [--structure NAME ...] [--singly]

Each result set has a test set of its own, drawn from a population in which the two strategies are
equally good (effect 0), and models of several seeds. Strategies, and seeds of one strategy, differ
on whole clusters and on single examples, in the same way in all languages. A row of the output:
the structure of the test set, number of seeds, standard deviation between the seeds of a strategy
in points, coverage with its 95 % binomial interval (Clopper and Pearson 1934), mean width of the
interval in points, and whether the coverage is as wanted: the binomial interval contains or lies
above 95 %, and, where seeds vary by a point or more, not above 99 %.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# like the workflow's job, which has one core
os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

import numpy as np
from scipy import stats

from xstilts.statistics.clusters import joined_clusters
from xstilts.statistics.counts import Counts
from xstilts.statistics.inference import estimate
from xstilts.statistics.target_scores import TargetScores

LANGUAGES = ("ar", "en", "sw")
STRATEGIES = ("none", "mnli")


@dataclass(frozen=True, kw_only=True)
class Structure:
    """The structure of a test set."""

    num_clusters: int
    sizes: tuple[int, int]
    """Smallest and largest number of examples of a cluster."""
    kept: float = 1.0
    """Share of the examples that a language has, drawn at random."""
    chunks: int = 1
    """Answers of an example; more than one are scored by F1, as the chunks of a sentence."""


STRUCTURES = {
    # as many as the test set of the other structures has clusters, roughly
    "independent": Structure(num_clusters=400, sizes=(1, 1)),
    # XNLI: three hypotheses of a premise
    "premises": Structure(num_clusters=400, sizes=(3, 3)),
    # XQuAD: 1,190 questions about 240 paragraphs
    "paragraphs": Structure(num_clusters=240, sizes=(1, 9)),
    # MLQA: languages share a third to half of their questions
    "partly shared": Structure(num_clusters=600, sizes=(1, 3), kept=0.4),
    # a treebank of few documents
    "documents": Structure(num_clusters=30, sizes=(5, 25), chunks=3),
}


def simulated(
    structure: Structure, num_seeds: int, std: float, number: int, replicates: int, *, singly: bool
) -> TargetScores:
    """One result set.

    Args:
        structure: of its test set.
        num_seeds: number of seeds.
        std: standard deviation between the seeds of a strategy, in points.
        number: of the set; seeds its random numbers.
        replicates: number of bootstrap samples.
        singly: draw examples instead of clusters, as if they were independent, also in languages
            that share some of them.
    """
    draw = np.random.default_rng([number, num_seeds, int(100 * std), structure.num_clusters])
    low, high = structure.sizes
    cluster_N = np.repeat(
        np.arange(structure.num_clusters), draw.integers(low, high + 1, structure.num_clusters)
    )
    total = len(cluster_N)
    ease_N = draw.uniform(-0.1, 0.1, structure.num_clusters)[cluster_N]
    ease_N = ease_N + draw.uniform(-0.05, 0.05, total)
    # effects are uniform, so that no probability leaves 0 to 1 and the population's mean is known
    own = {
        name: draw.uniform(-0.15, 0.15, structure.num_clusters)[cluster_N]
        + draw.uniform(-0.05, 0.05, total)
        for name in STRATEGIES
    }
    shift = {
        (name, seed): draw.normal(0.0, std / 100)
        + draw.uniform(-0.05, 0.05, structure.num_clusters)[cluster_N]
        for name in STRATEGIES
        for seed in range(num_seeds)
    }
    scores, counts, clusters = {}, {}, {}
    for language in LANGUAGES:
        kept_M = np.flatnonzero(draw.random(total) < structure.kept)
        ids = tuple(f"{index:05}" for index in kept_M)
        names = (f"{language}-{cluster_N[index]}" for index in kept_M)
        clusters[language] = dict(zip(ids, names, strict=True))
        for (name, seed), moved_N in shift.items():
            chance_M = 0.5 + (ease_N + own[name] + moved_N)[kept_M]
            right_M = draw.binomial(structure.chunks, chance_M).astype(float)
            found = Counts(ids, right_M, np.full(len(ids), float(structure.chunks)))
            scores[name, seed, language], counts[name, seed, language] = found.value(), found
    joined = joined_clusters(clusters)
    if singly:
        apart = structure.kept < 1
        joined = {
            language: {one: f"{language} {one}" if apart else one for one in names}
            for language, names in clusters.items()
        }
    return TargetScores(f"simulated {number}", scores, counts, {}, replicates, joined)


def coverage(
    structure: Structure,
    num_seeds: int,
    std: float,
    sets: int,
    replicates: int,
    *,
    singly: bool = False,
) -> tuple[int, float]:
    """Number of result sets whose interval contains the effect, and the mean width in points.

    The arguments are those of :func:`simulated`; ``sets`` is the number of result sets.
    """
    inside, width = 0, 0.0
    for number in range(sets):
        one = simulated(structure, num_seeds, std, number, replicates, singly=singly)
        difference = one.difference("mnli", "none")
        found = estimate(difference.values_S, difference.replicates_BS)
        inside += found.low <= 0 <= found.high
        width += (found.high - found.low) / sets
    return inside, width


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 5])
    parser.add_argument("--std", type=float, nargs="+", default=[0.0, 1.0, 2.0])
    parser.add_argument(
        "--structure", nargs="+", default=list(STRUCTURES), choices=list(STRUCTURES)
    )
    parser.add_argument("--singly", action="store_true", help="draw examples instead of clusters")
    given = parser.parse_args()
    start = time.perf_counter()
    for name in given.structure:
        for num_seeds in given.seeds:
            for std in given.std:
                inside, width = coverage(
                    STRUCTURES[name],
                    num_seeds,
                    std,
                    given.sets,
                    given.replicates,
                    singly=given.singly,
                )
                found = stats.binomtest(inside, given.sets).proportion_ci(0.95)
                wanted = found.high >= 0.95 and (std < 1 or found.low <= 0.99)
                sys.stdout.write(
                    f"{name:<14}{num_seeds} seeds  s.d. {std:.1f}  "
                    f"{100 * inside / given.sets:5.1f} % "
                    f"({100 * found.low:.1f} to {100 * found.high:.1f})  width {width:5.2f}  "
                    f"{'as wanted' if wanted else 'NOT AS WANTED'}\n"
                )
                sys.stdout.flush()
    sys.stdout.write(f"{time.perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main()
