"""Mean average precision of ranked candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def average_precision(gold: Collection[str], ranked: Sequence[str], k: int) -> float:
    """Average precision of the first ``k`` candidates, 0-1.

    With one right candidate it is 1 / rank, so that the mean is MRR@k. A right candidate that is
    listed twice counts where it stands first.
    """
    right, hits, total = set(gold), 0, 0.0
    for rank, candidate in enumerate(ranked[:k], start=1):
        if candidate in right:
            right.remove(candidate)
            hits += 1
            total += hits / rank
    return total / min(len(set(gold)), k)


def mean_average_precision(
    gold: Sequence[Collection[str]], ranked: Sequence[Sequence[str]], k: int
) -> float:
    """Mean over the queries of the average precision of their first ``k`` candidates, 0-100.

    Args:
        gold: right candidates of each query, at least one each; at least one query.
        ranked: candidates of each query, the best first; may be fewer than ``k``.
        k: how many candidates count.

    Source: XTREME-R (Mewsli-X, LAReQA): map@20.
    """
    precisions = (average_precision(g, r, k) for g, r in zip(gold, ranked, strict=True))
    return 100.0 * sum(precisions) / len(gold)
