"""Bootstrap and permutation scores: the same resampled examples for all models that are compared.

A bootstrap sample gives each cluster of examples a weight, how often it was drawn, and every score
is a ratio of two weighted sums, or a mean of such ratios over classes: the weights of many
bootstrap samples times the summands of many scores are one matrix product.

Source: Field and Welsh 2007, "Bootstrapping Clustered Data" (whole clusters are drawn).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xstilts.statistics.counts import score_of
from xstilts.statistics.weights import WORD, bootstrap_counts, coin_flips, seeds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from xstilts.statistics.counts import Counts

    Draw = Callable[[npt.NDArray[np.uint64], int, int], npt.NDArray[np.float32]]
    """Seeds of clusters, first sample, number of samples: weights, [cluster, sample]."""

_WEIGHTS = 400_000
"""Number of weights (samples x clusters) in memory at once: they fit into the processor's cache."""
_STEP = 2.0**-20
"""Fractions, such as the F1 of answers, are rounded to multiples of this: their sums are exact."""


class Summands:
    """Numerators and denominators of the scores of C cells over the same G clusters.

    Equal rows are kept once: accuracies all share one denominator.
    """

    def __init__(self, counts: Sequence[Counts]) -> None:
        """Collect the distinct rows of the cells' counts, K of them."""
        kept: dict[bytes, int] = {}

        def row_of(values_G: npt.NDArray[np.float64]) -> int:
            rounded_G = np.rint(values_G / _STEP) * _STEP
            return kept.setdefault(rounded_G.tobytes(), len(kept))

        # a class that only some cells have contributes nothing to the others
        names = sorted({name for one in counts for name in one.classes})
        nothing_G = np.zeros(len(counts[0].ids))
        self.rows = np.array(
            [
                [
                    [row_of(by_class.get(name, nothing_G)) for name in names]
                    for by_class in one.rows()
                ]
                for one in counts
            ]
        ).swapaxes(0, 1)
        """Indices of the rows of numerators, denominators and weights (if any): [2 or 3, C,
        class]."""
        values_KG = np.frombuffer(b"".join(kept)).reshape(len(kept), -1)
        whole = bool((values_KG == np.rint(values_KG)).all())
        self.values_KG = values_KG.astype(np.float32) if whole else values_KG

        self.clusters = counts[0].ids

    def weighted_sums(
        self, draw: Draw, size: int, *name: str
    ) -> Iterator[tuple[slice, npt.NDArray[np.floating]]]:
        """The rows' sums over ``size`` weighted samples, block by block: samples, [K, block].

        The sums are exact, so that they do not depend on the number of BLAS threads, which decides
        the order of summation: integers in single precision (below 2**24), fractions in double.
        """
        seeds_G = seeds_of(self.clusters, *name)
        columns = WORD * max(1, _WEIGHTS // WORD // len(seeds_G))
        for start in range(0, size, columns):
            block = slice(start, min(size, start + columns))
            sums_KB = self.values_KG @ draw(seeds_G, start, columns)
            yield block, sums_KB[:, : block.stop - start]


def bootstrap_scores(counts: Sequence[Counts], size: int, *name: str) -> npt.NDArray[np.float32]:
    """The scores (0-100) of C cells on ``size`` bootstrap samples, [C, size].

    All cells share the samples, so that differences between cells are paired. A sample without any
    of a cell's clusters, which happens where these are few, keeps the cell's own score.

    Args:
        counts: summands of the score by cluster, of each cell; all over the same clusters.
        size: number of bootstrap samples.
        name: texts that seed the random numbers.
    """
    summands = Summands(counts)
    scores_CB = np.empty((len(counts), size), np.float32)
    own_C1 = np.array([[one.value()] for one in counts], np.float32)
    for block, sums_KB in summands.weighted_sums(bootstrap_counts, size, *name):
        sums = sums_KB[summands.rows]
        drawn_CB = (sums[1] > 0).any(axis=1)
        scores_CB[:, block] = np.where(drawn_CB, score_of(*sums), own_C1)
    return scores_CB


class Swaps:
    """Permutation replicates: scores of cells over the same clusters, two swapped by cluster.

    Source: Noreen 1989, "Computer-Intensive Methods for Testing Hypotheses" (approximate
    randomisation); Yeh 2000, arXiv cs/0008005, for F1.
    """

    def __init__(self, counts: Sequence[Counts], size: int, *name: str) -> None:
        """Sum the swapped clusters of each cell, which do not depend on the other cell.

        Args:
            counts: summands of the score by cluster, of each cell.
            size: number of random swaps.
            name: texts that seed the random numbers.
        """
        summands = Summands(counts)
        self._moved_KB = np.empty((len(summands.values_KG), size), np.float32)
        for block, sums_KB in summands.weighted_sums(coin_flips, size, *name):
            self._moved_KB[:, block] = sums_KB
        self._summands, self._totals_K = summands, summands.values_KG.sum(axis=1)[:, None]

    def differences(self, first: Sequence[int], second: Sequence[int]) -> npt.NDArray[np.floating]:
        """Scores of some cells minus those of others, the two swapped by cluster, [C, size]."""
        of_first, of_second = (self._summands.rows[:, list(side)] for side in (first, second))
        moved = self._moved_KB[of_second] - self._moved_KB[of_first]
        return score_of(*(self._totals_K[of_first] + moved)) - score_of(
            *(self._totals_K[of_second] - moved)
        )
