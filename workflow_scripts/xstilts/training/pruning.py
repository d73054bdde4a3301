"""The decision whether vocabulary pruning is worthwhile; without torch, for estimates."""

from __future__ import annotations

MIN_SAVED = 1 << 22
"""Minimum number of pruned weights. With fewer, no speed-up of a step was measured on a CPU."""


def is_worthwhile(num_used: int, vocabulary: int, width: int) -> bool:
    """Return True if a stage should prune its vocabulary (``training.vocabulary``).

    If more than half of the rows were trained, pruning would need more memory than it saves: main
    memory holds the full matrix and a copy of the trained rows.

    Args:
        num_used: distinct tokens in the stage's data.
        vocabulary: tokens of the vocabulary.
        width: size of an embedding.
    """
    return 2 * num_used <= vocabulary and (vocabulary - num_used) * width >= MIN_SAVED
