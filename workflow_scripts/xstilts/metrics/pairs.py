"""Precision, recall and F1 of a set of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Set


def pair_scores(gold: Set[Hashable], predictions: Set[Hashable]) -> dict[str, float]:
    """``f1``, ``precision`` and ``recall`` of the predicted pairs, 0-100; all 0 if none is right.

    Source: google-research/xtreme ``evaluate.py`` (``bucc_f1``).
    """
    shared = len(gold & predictions)
    if not shared:
        return {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    precision, recall = shared / len(predictions), shared / len(gold)
    f1 = 2 * precision * recall / (precision + recall)
    return {"f1": 100.0 * f1, "precision": 100.0 * precision, "recall": 100.0 * recall}
