"""How often each example comes in a resampled test set, or whether it is swapped."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

_COLUMNS = 1024
"""Examples whose counts are drawn from one generator."""
DRAWN = 500_000
"""Weights that are drawn at once: few enough for the processor's cache."""


def generator(*parts: str) -> np.random.Generator:
    """A random generator that is the same for the same texts, on every machine."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return np.random.default_rng(list(digest[:16]))


def coin_flips(random: np.random.Generator, size: int, num_examples: int) -> npt.NDArray[np.uint8]:
    """One or nothing for each example, with equal chances, [size, N]."""
    number = size * num_examples
    bits = np.frombuffer(random.bytes(-(-number // 8)), np.uint8)
    return np.unpackbits(bits, count=number).reshape(size, num_examples)


def band_of(num_examples: int) -> int:
    """The largest power of two that is not above a number of examples.

    Test sets of one band, from this size to just below twice it, begin with the same counts.
    """
    return 1 << (num_examples.bit_length() - 1)


def rows_of(band: int) -> int:
    """Test sets of a band that are drawn at once."""
    return DRAWN // min(2 * band, _COLUMNS)


def multinomial_counts(
    name: tuple[str, ...], size: int, numbers: Collection[int]
) -> dict[int, npt.NDArray[np.uint8]]:
    """How often each of N examples comes in N draws with replacement, for several N of one band.

    Poisson counts are multinomial given their sum. So examples get Poisson counts of a mean a
    little below one, and the draws that a test set lacks go to examples at random, one by one. Of
    1,000 test sets one or two have too many: these are drawn one by one from the start.

    Most of the time goes into Poisson counts, and the first ones of a larger test set are those of
    a smaller one. Test sets of equal rows are therefore no independent draws for different N.

    Args:
        name: what the random numbers depend on.
        size: number of test sets.
        numbers: the N; all of one band.

    Returns:
        N to its counts, [size, N].
    """
    band = band_of(max(numbers))
    # three standard deviations of the sum below what is wanted, for the smallest of the band
    mean = 1 - 3 / np.sqrt(band)
    found = {number: np.zeros((size, number), np.uint8) for number in numbers}
    sums = {number: np.zeros(size, np.int32) for number in numbers}
    width = min(2 * band, _COLUMNS)
    for start in range(0, max(numbers) if mean > 0 else 0, width):
        random = generator(*name, "columns", str(start))
        counts_BW = _poisson_counts(random, size * width, mean).reshape(size, width)
        sum_B = counts_BW.sum(axis=1, dtype=np.int32)
        for number, counts_BN in found.items():
            end = number - start
            if end >= width:
                # the sum of all columns is taken once for all sizes
                counts_BN[:, start : start + width] = counts_BW
                sums[number] += sum_B
            elif end > 0:
                counts_BN[:, start:] = counts_BW[:, :end]
                sums[number] += counts_BW[:, :end].sum(axis=1, dtype=np.int32)
    for number, counts_BN in found.items():
        _complete(counts_BN, sums[number], generator(*name, "rest", str(number)))
    return found


def _complete(
    counts_BN: npt.NDArray[np.uint8], sum_B: npt.NDArray[np.int32], random: np.random.Generator
) -> None:
    """Add the draws that rows lack to have as many as examples, in place."""
    num_examples = counts_BN.shape[1]
    lacking_B = num_examples - sum_B
    too_many = lacking_B < 0
    counts_BN[too_many], lacking_B[too_many] = 0, num_examples
    firsts = np.repeat(np.arange(0, counts_BN.size, num_examples), lacking_B)
    drawn = firsts + random.integers(0, num_examples, firsts.size, np.uint32)
    np.add.at(counts_BN.reshape(-1), drawn, np.uint8(1))


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
