"""Random weights of examples: bootstrap counts and coin flips."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def generator(*parts: str) -> np.random.Generator:
    """A random generator that is seeded by texts, the same on every machine."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return np.random.default_rng(list(digest[:16]))


def bootstrap_counts(
    random: np.random.Generator, size: int, num_examples: int
) -> npt.NDArray[np.float32]:
    """Counts of each of N examples in N draws with replacement, [size, N].

    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 6.
    """
    drawn_BN = random.integers(0, num_examples, (size, num_examples))
    # one range of numbers per bootstrap sample, so that all are counted in one call
    drawn_BN += np.arange(0, drawn_BN.size, num_examples)[:, None]
    counts = np.bincount(drawn_BN.ravel(), minlength=drawn_BN.size)
    return counts.reshape(drawn_BN.shape).astype(np.float32)


def coin_flips(
    random: np.random.Generator, size: int, num_examples: int
) -> npt.NDArray[np.float32]:
    """Zero or one for each example, with equal probability, [size, N]."""
    bits = np.frombuffer(random.bytes(-(-size * num_examples // 8)), np.uint8)
    flips = np.unpackbits(bits, count=size * num_examples)
    return flips.reshape(size, num_examples).astype(np.float32)
