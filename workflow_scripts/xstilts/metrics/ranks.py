"""Metrics of ranked candidates."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def average_precision(gold: Collection[str], ranked: Sequence[str], k: int) -> float:
    """Sum of the precisions at the right candidates among the first k, over their maximum, 0-1.

    Args:
        gold: ids of the right candidates, at least one.
        ranked: ids, the best first; a repeated id counts only once.
        k: number of candidates that count.

    Source: google-research/xtreme ``third_party/utils_lareqa.py`` (``average_precision_at_k``).
    """
    total, hits, seen = 0.0, 0, set()
    for rank, candidate in enumerate(ranked[:k], start=1):
        if candidate in gold and candidate not in seen:
            hits += 1
            total += hits / rank
        seen.add(candidate)
    return total / min(len(set(gold)), k)


def reciprocal_rank(gold: Collection[str], ranked: Sequence[str], k: int) -> float:
    """1 over the rank of the first right candidate among the first k; 0 if none is right.

    Source: google-research/xtreme ``third_party/utils_mewslix.py`` (``mean_reciprocal_rank``).
    """
    return next((1 / rank for rank, c in enumerate(ranked[:k], start=1) if c in gold), 0.0)


def mean_average_precision(
    gold: Sequence[Collection[str]], ranked: Sequence[Sequence[str]], k: int
) -> float:
    """Mean over queries of the average precision among the first k, 0-100."""
    return 100 * fmean(average_precision(g, r, k) for g, r in zip(gold, ranked, strict=True))


def mean_reciprocal_rank(
    gold: Sequence[Collection[str]], ranked: Sequence[Sequence[str]], k: int
) -> float:
    """Mean over queries of the reciprocal rank among the first k, 0-100."""
    return 100 * fmean(reciprocal_rank(g, r, k) for g, r in zip(gold, ranked, strict=True))
