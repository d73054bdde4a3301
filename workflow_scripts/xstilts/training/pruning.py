"""When it pays to train some rows of the token embeddings only: plain numbers."""

from __future__ import annotations

MIN_SAVED = 1 << 22
"""Numbers that must stay aside. With fewer, no difference was measured in a step on a CPU."""


def is_worthwhile(num_used: int, vocabulary: int, width: int) -> bool:
    """Whether a stage trains the rows of its own tokens (``training.vocabulary``), or all.

    With more than half of the rows in training, main memory would hold more than it saves, since
    it holds both the whole matrix and a copy of these rows.

    Args:
        num_used: different ones in the stage's data.
        vocabulary: number of all rows.
        width: numbers of a row.
    """
    return 2 * num_used <= vocabulary and (vocabulary - num_used) * width >= MIN_SAVED
