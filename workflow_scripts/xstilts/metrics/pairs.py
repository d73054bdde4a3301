"""Precision, recall and F1 of a set of mined pairs, and the best threshold of their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Pair = tuple[str, str]
"""Id of a sentence and id of its translation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PairScores:
    """Scores of a set of pairs, 0-100."""

    f1: float
    precision: float
    recall: float


def pair_scores(gold: Collection[Pair], predicted: Collection[Pair]) -> PairScores:
    """Precision, recall and F1 of the predicted pairs; all 0 if none is right.

    Source: google-research/xtreme ``evaluate.py`` (``bucc_f1``).
    """
    right, found = set(gold), set(predicted)
    shared = len(right & found)
    if not shared:
        return PairScores(f1=0.0, precision=0.0, recall=0.0)
    precision, recall = shared / len(found), shared / len(right)
    f1 = 2 * precision * recall / (precision + recall)
    return PairScores(f1=100.0 * f1, precision=100.0 * precision, recall=100.0 * recall)


def best_threshold(scores: Mapping[Pair, float], gold: Collection[Pair]) -> float:
    """The score threshold with the highest F1; 0 if no pair is right.

    It is halfway between the scores of the last accepted pair and the next; without a next one,
    the last one's score (the official script fails there). Of several the highest is returned.

    Args:
        scores: the mined pairs; equal scores keep their order.
        gold: right pairs.

    Source: google-research/xtreme ``third_party/utils_retrieve.py`` (``bucc_optimize``).
    """
    right, items = set(gold), sorted(scores.items(), key=lambda item: -item[1])
    shared, best_f1, threshold = 0, 0.0, 0.0
    for index, (pair, score) in enumerate(items):
        shared += pair in right
        # of (index + 1) extracted pairs; the form 2TP / (extracted + gold) rounds differently
        if shared:
            precision, recall = shared / (index + 1), shared / len(right)
            f1 = 2 * precision * recall / (precision + recall)
            if f1 > best_f1:
                following = items[index + 1][1] if index + 1 < len(items) else score
                best_f1, threshold = f1, (score + following) / 2
    return threshold
