"""Random weights of clusters: Poisson counts for bootstrap samples, coin flips for swaps.

Each cluster has a random stream of its own, seeded by texts. Its weights therefore depend neither
on the other clusters nor on the number of samples in memory: languages that share a cluster draw it
together, whatever else each of them has.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

WORD = 64
"""Weights of samples are drawn for multiples of this number of samples."""
_INCREMENT = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def generator(*parts: str) -> np.random.Generator:
    """A random generator that is seeded by texts, the same on every machine."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return np.random.default_rng(list(digest[:16]))


def seeds_of(clusters: Iterable[str], *name: str) -> npt.NDArray[np.uint64]:
    """The seed of each cluster's stream, from the texts of ``name`` and its own, [G]."""
    start = hashlib.sha256("\0".join(name).encode() + b"\0")
    digests = []
    for cluster in clusters:
        one = start.copy()
        one.update(cluster.encode())
        digests.append(one.digest()[:8])
    return np.frombuffer(b"".join(digests), "<u8")


def _bits(seeds_G: npt.NDArray[np.uint64], first: int, size: int) -> npt.NDArray[np.uint64]:
    """Random numbers ``first`` to ``first + size`` of each stream, [G, size].

    Source: Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators"
    (SplitMix64), which computes any number of a stream from its index.
    """
    steps = np.arange(first + 1, first + size + 1, dtype=np.uint64) * _INCREMENT
    numbers = seeds_G[:, None] + steps
    for shift, factor in _MIX:
        numbers ^= numbers >> np.uint64(shift)
        numbers *= np.uint64(factor)
    numbers ^= numbers >> np.uint64(31)
    return numbers


def _poisson_table() -> npt.NDArray[np.uint8]:
    """Counts of the Poisson distribution with mean 1, by their rank among 2**16 equal parts."""
    below = np.cumsum([math.exp(-1) / math.factorial(count) for count in range(12)])
    return np.searchsorted(below, (np.arange(2**16) + 0.5) / 2**16).astype(np.uint8)


_POISSON = _poisson_table()


def bootstrap_counts(
    seeds_G: npt.NDArray[np.uint64], first: int, size: int
) -> npt.NDArray[np.float32]:
    """Number of times that each cluster occurs in bootstrap samples, [G, size].

    Counts are independent Poisson numbers with mean 1 instead of multinomial: scores are ratios of
    sums, so that the size of a sample cancels.

    Args:
        seeds_G: seeds of the clusters' streams.
        first: index of the first sample, a multiple of ``WORD``.
        size: number of samples, a multiple of ``WORD``.

    Source: Hanley and MacGibbon 2006, "Creating non-parametric bootstrap samples using Poisson
    frequencies"; Chamandy et al. 2012, "Estimating Uncertainty for Massive Data Streams".
    """
    parts = _bits(seeds_G, first // 4, size // 4).astype("<u8", copy=False).view("<u2")
    return _POISSON[parts].astype(np.float32)


def coin_flips(seeds_G: npt.NDArray[np.uint64], first: int, size: int) -> npt.NDArray[np.float32]:
    """Zero or one for each cluster and sample, with equal probability, [G, size].

    The arguments are those of :func:`bootstrap_counts`.
    """
    words = _bits(seeds_G, first // 64, size // 64).astype("<u8", copy=False)
    return np.unpackbits(words.view(np.uint8), axis=1).astype(np.float32)
