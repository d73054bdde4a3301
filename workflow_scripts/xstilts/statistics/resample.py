"""Resampled and swapped test sets: the same examples for all models that are compared.

A resampled test set gives each example a weight, how often it was drawn, and every score is a ratio
of two weighted sums: the weights of many test sets times the parts of many scores are one product
of matrices.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import numpy.typing as npt

    from xstilts.statistics.counts import Counts

    Draw = Callable[[np.random.Generator, int, int], npt.NDArray[np.uint8]]
    """Generator, number of test sets, number of examples: weights, [test set, example]."""

_WEIGHTS = 4_000_000
"""Weights (test sets x examples) that are multiplied at once: 16 MB, for a large product."""
_DRAWN = 500_000
"""Weights that are drawn at once: few enough for the processor's cache."""


def generator(*parts: str) -> np.random.Generator:
    """A random generator that is the same for the same texts, on every machine."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return np.random.default_rng(list(digest[:16]))


# --- weights ----------------------------------------------------------------------------------


def multinomial_counts(
    random: np.random.Generator, size: int, num_examples: int
) -> npt.NDArray[np.uint8]:
    """How often each of N examples comes in N draws with replacement, [size, N].

    Poisson counts are multinomial given their sum. So examples get Poisson counts of a mean a
    little below one, and the draws that a test set lacks go to examples at random, one by one. Of
    1,000 test sets one or two have too many: these are drawn one by one from the start.
    """
    counts_BN = np.zeros((size, num_examples), np.uint8)
    # three standard deviations of the sum below what is wanted
    mean = 1 - 3 / np.sqrt(num_examples)
    if mean > 0:
        counts_BN = _poisson_counts(random, size * num_examples, mean).reshape(counts_BN.shape)
    lacking_B = num_examples - counts_BN.sum(axis=1, dtype=np.int32)
    too_many = lacking_B < 0
    counts_BN[too_many], lacking_B[too_many] = 0, num_examples
    firsts = np.repeat(np.arange(0, counts_BN.size, num_examples), lacking_B)
    drawn = firsts + random.integers(0, num_examples, firsts.size)
    np.add.at(counts_BN.reshape(-1), drawn, np.uint8(1))
    return counts_BN


def _poisson_counts(random: np.random.Generator, size: int, mean: float) -> npt.NDArray[np.uint8]:
    """Independent Poisson counts of a mean below 1, most of them from 8 random bits each.

    The probabilities are rounded down to multiples of 1/256. What is left of them all, about one
    in a hundred, is a distribution too: the counts that fall to it are drawn from it.
    """
    parts_K = np.exp(-mean) * np.cumprod([1.0, *(mean / np.arange(1, 32))]) * 256
    ends = np.unique(np.cumsum(np.floor(parts_K))).astype(np.uint8)
    bits_N = random.integers(0, 2**64, -(-size // 8), np.uint64)
    bits_N = bits_N.astype("<u8", copy=False).view(np.uint8)[:size]
    counts_N, beyond_N = np.zeros(size, np.uint8), np.empty(size, bool)
    for end in ends:
        np.greater_equal(bits_N, end, out=beyond_N)
        counts_N += beyond_N.view(np.uint8)
    rest, left_K = np.flatnonzero(beyond_N), np.cumsum(parts_K % 1)
    counts_N[rest] = np.searchsorted(left_K, left_K[-1] * random.random(rest.size), "right")
    return counts_N


def coin_flips(random: np.random.Generator, size: int, num_examples: int) -> npt.NDArray[np.uint8]:
    """One or nothing for each example, with equal chances, [size, N]."""
    return random.integers(0, 2, (size, num_examples), np.uint8)


# --- weighted sums ----------------------------------------------------------------------------


class Parts:
    """Numerators and denominators of the scores of some cells over equally many examples.

    Rows that are equal are kept once: accuracies have all one denominator.
    """

    def __init__(self, counts: Sequence[Counts]) -> None:
        """Keep the rows."""
        kept: dict[bytes, int] = {}

        def row_of(values_N: npt.NDArray[np.float64]) -> int:
            return kept.setdefault(values_N.astype(np.float32).tobytes(), len(kept))

        rows = [(row_of(one.numerator_N), row_of(one.denominator_N)) for one in counts]
        self.tops_C, self.bottoms_C = np.array(rows).T
        """The rows of each cell."""
        self.values_KN = np.frombuffer(b"".join(kept), np.float32).reshape(len(kept), -1)

    def weighted(
        self,
        draw: Draw,
        size: int,
        take: Callable[[slice, npt.NDArray[np.float32]], None],
        *name: str,
        num_threads: int = 1,
    ) -> None:
        """Sum all rows over test sets that are drawn, block by block.

        Args:
            draw: weights of the examples.
            size: number of test sets.
            take: gets the numbers of some test sets and the sums there, [row, test set].
            name: what the random numbers depend on.
            num_threads: blocks that are drawn at the same time; it changes nothing.
        """
        num_examples = self.values_KN.shape[1]
        rows, few = (max(1, number // num_examples) for number in (_WEIGHTS, _DRAWN))

        def run(first: int) -> None:
            # memory that is used again: fresh pages of it would take as long as the numbers
            buffer_BN = np.empty((min(rows, size), num_examples), np.float32)
            for start in range(first * rows, size, num_threads * rows):
                block, random = slice(start, min(size, start + rows)), generator(*name, str(start))
                weights_BN = buffer_BN[: block.stop - start]
                for piece_BN in np.split(weights_BN, range(few, len(weights_BN), few)):
                    piece_BN[:] = draw(random, *piece_BN.shape)
                take(block, self.values_KN @ weights_BN.T)

        with ThreadPoolExecutor(num_threads) as pool:
            list(pool.map(run, range(num_threads)))


def resampled_scores(
    counts: Sequence[Counts], size: int, *name: str, num_threads: int = 1
) -> npt.NDArray[np.float32]:
    """The scores (0-100) of C cells on ``size`` test sets drawn with replacement, [C, size].

    Every cell sees the same draws, so that differences between cells are paired.

    Args:
        counts: parts of the score by example, of each cell.
        size: number of test sets.
        name: what the random numbers depend on.
        num_threads: blocks of test sets that are drawn at the same time.
    """
    parts = Parts(counts)
    scores_CB = np.empty((len(counts), size), np.float32)

    def take(block: slice, sums_KB: npt.NDArray[np.float32]) -> None:
        scores_CB[:, block] = _ratio(sums_KB[parts.tops_C], sums_KB[parts.bottoms_C])

    parts.weighted(multinomial_counts, size, take, *name, num_threads=num_threads)
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

    def __init__(self, counts: Sequence[Counts], size: int, *name: str) -> None:
        """Sum what each cell gives away, which is the same for every other cell.

        Args:
            counts: parts of the score by example, of each cell.
            size: number of random swaps.
            name: what the random numbers depend on.
        """
        parts = Parts(counts)
        moved_KB = np.empty((len(parts.values_KN), size), np.float32)

        def take(block: slice, sums_KB: npt.NDArray[np.float32]) -> None:
            moved_KB[:, block] = sums_KB

        parts.weighted(coin_flips, size, take, *name)
        self._parts, self._moved_KB = parts, moved_KB
        self._totals_K = parts.values_KN.sum(axis=1)[:, None]

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
