"""Naive Bayes over sets of features: the simplest text classifier, trained in one pass."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import numpy.typing as npt

SMOOTHING = 0.5


class NaiveBayes:
    """Multinomial naive Bayes; a feature counts once per example.

    Features that occur in only one training example are ignored, as are unseen ones.
    """

    def __init__(
        self, examples: Iterable[tuple[Collection[str], str]], classes: Sequence[str]
    ) -> None:
        """Count features by class.

        Args:
            examples: features (repetitions do not count) and class of each example.
            classes: all classes; ties go to the first.
        """
        self.classes = list(classes)
        counts: list[Counter[str]] = [Counter() for _ in classes]
        sizes = np.zeros(len(counts))
        class_index = {name: index for index, name in enumerate(self.classes)}
        for features, name in examples:
            counts[class_index[name]].update(set(features))
            sizes[class_index[name]] += 1
        total: Counter[str] = sum(counts, Counter())
        known = sorted(feature for feature, count in total.items() if count > 1)
        self.index = {feature: row for row, feature in enumerate(known)}
        table_FC = np.array([[count[f] for count in counts] for f in known], np.float64)
        table_FC = table_FC.reshape(len(known), len(counts)) + SMOOTHING
        self.weights_FC = np.log(table_FC) - np.log(table_FC.sum(axis=0, keepdims=True))
        self.prior_C = np.log(sizes + SMOOTHING) - np.log((sizes + SMOOTHING).sum())

    def scores(self, features: Iterable[str]) -> npt.NDArray[np.float64]:
        """Log probability of each class, up to a constant."""
        rows = [self.index[feature] for feature in {*features} if feature in self.index]
        scores: npt.NDArray[np.float64] = self.prior_C + self.weights_FC[sorted(rows)].sum(axis=0)
        return scores

    def best(self, features: Iterable[str]) -> str:
        """The most probable class."""
        return self.classes[int(self.scores(features).argmax())]

    def log_odds(self, features: Iterable[str]) -> float:
        """Log odds of the second of two classes against the first."""
        first, last = self.scores(features)
        return float(last - first)
