"""Resampled and swapped test sets: the same examples for all models that are compared.

A resampled test set gives each example a weight, how often it was drawn, and every score is a ratio
of two weighted sums: the weights of many test sets times the parts of many scores are one product
of matrices.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from xstilts.statistics.products import Rows
from xstilts.statistics.weights import (
    DRAWN,
    band_of,
    coin_flips,
    generator,
    multinomial_counts,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from xstilts.statistics.counts import Counts
    from xstilts.statistics.products import Product


class Parts:
    """Numerators and denominators of the scores of some cells over equally many examples.

    Rows that are equal are kept once: accuracies have all one denominator.
    """

    def __init__(self, counts: Sequence[Counts], product: Product | None = None) -> None:
        """Keep the rows.

        Args:
            counts: parts of the score by example, of each cell.
            product: that sums rows of bytes.
        """
        kept: dict[bytes, int] = {}
        values: list[npt.NDArray[np.float32]] = []

        def row_of(values_N: npt.NDArray[np.float64]) -> int:
            single_N = values_N.astype(np.float32)
            row = kept.setdefault(single_N.tobytes(), len(kept))
            if row == len(values):
                values.append(single_N)
            return row

        rows = [(row_of(one.numerator_N), row_of(one.denominator_N)) for one in counts]
        self.tops_C, self.bottoms_C = np.array(rows).T
        """The rows of each cell."""
        self.rows = Rows(np.stack(values), product)

    def scores(self, weights_BN: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """The cells' scores (0-100) on test sets of these weights, [C, B]."""
        sums_KB = self.rows.sums(weights_BN)
        return _ratio(sums_KB[self.tops_C], sums_KB[self.bottoms_C])


def resampled_scores(
    counts: Sequence[Counts],
    size: int,
    *name: str,
    num_threads: int = 1,
    product: Product | None = None,
) -> npt.NDArray[np.float32]:
    """The scores (0-100) of C cells on ``size`` test sets drawn with replacement, [C, size].

    Cells over equally many examples see the same draws, so that differences between them are
    paired. Draws of other sizes are not independent of these; ``shifts_of`` makes them so.

    Args:
        counts: parts of the score by example, of each cell; sizes of one band (``band_of``).
        size: number of test sets.
        name: what the random numbers depend on.
        num_threads: blocks of test sets that are drawn at the same time; it changes nothing.
        product: of bytes, if it is worth it.
    """
    places: dict[int, list[int]] = {}
    for at, one in enumerate(counts):
        places.setdefault(len(one.ids), []).append(at)
    parts = {n: Parts([counts[at] for at in found], product) for n, found in places.items()}
    scores_CB = np.empty((len(counts), size), np.float32)
    rows = rows_of(band_of(max(places)))

    def run(start: int) -> None:
        block = slice(start, min(size, start + rows))
        drawn = multinomial_counts((*name, str(start)), block.stop - start, places)
        for number, weights_BN in drawn.items():
            scores_CB[places[number], block] = parts[number].scores(weights_BN)

    with ThreadPoolExecutor(num_threads) as pool:
        list(pool.map(run, range(0, size, rows)))
    return scores_CB


def shifts_of(groups: Collection[str], size: int) -> dict[str, int]:
    """By how many places each group's test sets are shifted: no two groups by as many.

    So no resampled test set has the same weights for two groups, which makes them independent. A
    group's shift follows from its name, or else two targets of one task could not be subtracted.

    Args:
        groups: digests of the ids of their examples, in hexadecimal digits.
        size: number of test sets; more than there are groups.
    """
    shifts: dict[str, int] = {}
    for name in sorted(groups):
        shift = int(name[:12], 16) % size
        while shift in shifts.values():
            shift = (shift + 1) % size
        shifts[name] = shift
    return shifts


class Swaps:
    """Scores of some cells over the same examples, when two of them are swapped by example.

    Source: Noreen 1989, "Computer-Intensive Methods for Testing Hypotheses" (approximate
    randomisation); Yeh 2000, arXiv cs/0008005, for F1.
    """

    def __init__(
        self, counts: Sequence[Counts], size: int, *name: str, product: Product | None = None
    ) -> None:
        """Sum what each cell gives away, which is the same for every other cell.

        Args:
            counts: parts of the score by example, of each cell.
            size: number of random swaps.
            name: what the random numbers depend on.
            product: of bytes, if it is worth it.
        """
        parts = Parts(counts, product)
        values_KN = parts.rows.values_KN
        num_examples = values_KN.shape[1]
        self._moved_KB = np.empty((len(values_KN), size), np.float32)
        rows = max(1, DRAWN // num_examples)
        for start in range(0, size, rows):
            block = slice(start, min(size, start + rows))
            random = generator(*name, str(start))
            flips_BN = coin_flips(random, block.stop - start, num_examples)
            self._moved_KB[:, block] = parts.rows.sums(flips_BN)
        self._parts, self._totals_K = parts, values_KN.sum(axis=1)[:, None]

    def differences(self, first: Sequence[int], second: Sequence[int]) -> npt.NDArray[np.float32]:
        """Scores of some cells minus those of others, the two swapped by example, [C, size]."""
        (tops, moved_top), (bottoms, moved_bottom) = (
            (
                [self._totals_K[rows[list(side)]] for side in (first, second)],
                self._moved_KB[rows[list(second)]] - self._moved_KB[rows[list(first)]],
            )
            for rows in (self._parts.tops_C, self._parts.bottoms_C)
        )
        swapped_CB = _ratio(tops[0] + moved_top, bottoms[0] + moved_bottom)
        return swapped_CB - _ratio(tops[1] - moved_top, bottoms[1] - moved_bottom)


def _ratio(
    numerator: npt.NDArray[np.float32], denominator: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """100 times the ratio; 0 where there is nothing to count, as the metrics have it."""
    scores = np.zeros_like(numerator)
    np.divide(100 * numerator, denominator, out=scores, where=denominator > 0)
    return scores
