"""Accuracy of the nearest candidate in retrieval."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def top1_accuracy(gold: Sequence[Collection[str]], predictions: Sequence[str]) -> float:
    """Share of queries whose nearest candidate is one of the right ones, 0-100.

    Args:
        gold: ids of each query's right candidates; at least one query.
        predictions: id of each query's nearest candidate, in the same order.

    Source: google-research/xtreme ``evaluate.py`` (Tatoeba: ``accuracy``), for queries that may
    have several right candidates.
    """
    right = sum(p in g for g, p in zip(gold, predictions, strict=True))
    return 100.0 * right / len(gold)
