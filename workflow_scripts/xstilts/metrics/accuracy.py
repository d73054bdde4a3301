"""Accuracy of one label per example."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def accuracy(gold: Sequence[str], predictions: Sequence[str]) -> float:
    """Share of predictions that equal the gold label as stripped strings, 0-100.

    Args:
        gold: right labels, one per example; at least one.
        predictions: predicted labels in the same order.

    Source: google-research/xtreme ``evaluate.py`` (``accuracy``).
    """
    right = sum(g.strip() == p.strip() for g, p in zip(gold, predictions, strict=True))
    return 100.0 * right / len(gold)
