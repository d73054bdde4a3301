"""Resampled and swapped test sets: the same examples for all models that are compared."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

_CELLS = 2_000_000
"""Entries of a block of weights (examples x resamplings): 8 MB."""


def generator(*parts: str) -> np.random.Generator:
    """A random generator that is the same for the same texts, on every machine."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return np.random.default_rng(list(digest[:16]))


def _blocks(num_examples: int, size: int) -> Iterator[slice]:
    rows = max(1, _CELLS // max(1, num_examples))
    for start in range(0, size, rows):
        yield slice(start, min(size, start + rows))


def resampled_scores(
    numerator_NC: npt.NDArray[np.float64],
    denominator_NC: npt.NDArray[np.float64],
    size: int,
    random: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """The scores (0-100) of C columns on ``size`` test sets drawn with replacement, [size, C].

    Every column sees the same draws, so that differences between columns are paired.
    """
    num_examples, num_columns = numerator_NC.shape
    tops, bottoms = numerator_NC.astype(np.float32), denominator_NC.astype(np.float32)
    scores_BC = np.empty((size, num_columns), np.float32)
    for block in _blocks(num_examples, size):
        rows = block.stop - block.start
        drawn = random.integers(0, num_examples, (rows, num_examples))
        drawn += np.arange(rows)[:, None] * num_examples
        weights = np.bincount(drawn.ravel(), minlength=rows * num_examples)
        weights_BN = weights.reshape(rows, num_examples).astype(np.float32)
        scores_BC[block] = _ratio(weights_BN @ tops, weights_BN @ bottoms)
    return scores_BC


def swapped_differences(
    numerators: Sequence[npt.NDArray[np.float64]],
    denominators: Sequence[npt.NDArray[np.float64]],
    size: int,
    random: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """Score of the first minus the second, with the two swapped at random per example, [size, C].

    Args:
        numerators: those of the two sides, [N, C] each: example by (seed, language).
        denominators: the same.
        size: number of random swaps.
        random: where they come from.

    Source: Noreen 1989, "Computer-Intensive Methods for Testing Hypotheses" (approximate
    randomisation); Yeh 2000, arXiv cs/0008005, for F1.
    """
    num_examples, num_columns = numerators[0].shape
    tops, bottoms = (
        [side.astype(np.float32) for side in pair] for pair in (numerators, denominators)
    )
    differences_BC = np.empty((size, num_columns), np.float32)
    for block in _blocks(num_examples, size):
        swap_BN = random.integers(0, 2, (block.stop - block.start, num_examples), np.int8)
        swap = swap_BN.astype(np.float32)
        moved_top, moved_bottom = swap @ (tops[1] - tops[0]), swap @ (bottoms[1] - bottoms[0])
        first = _ratio(tops[0].sum(0) + moved_top, bottoms[0].sum(0) + moved_bottom)
        second = _ratio(tops[1].sum(0) - moved_top, bottoms[1].sum(0) - moved_bottom)
        differences_BC[block] = first - second
    return differences_BC


def _ratio(
    numerator: npt.NDArray[np.float32], denominator: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """100 times the ratio; 0 where there is nothing to count, as the metrics have it."""
    scores = np.zeros_like(numerator)
    np.divide(100 * numerator, denominator, out=scores, where=denominator > 0)
    return scores
