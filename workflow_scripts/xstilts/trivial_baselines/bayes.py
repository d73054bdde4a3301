"""Naive Bayes over sets of features: the simplest text classifier, trained in one pass."""

from __future__ import annotations

import math
from collections import Counter
from functools import cached_property
from itertools import islice, repeat
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import numpy.typing as npt

SMOOTHING = 0.5
_CHUNK = 10_000
"""Examples whose features are counted at a time."""


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
        remaining = iter(examples)
        while chunk := list(islice(remaining, _CHUNK)):
            found: list[list[str]] = [[] for _ in classes]
            for features, name in chunk:
                found[class_index[name]].extend({*features})
            for count, own in zip(counts, found, strict=True):
                count.update(own)
            for name, number in Counter(name for _, name in chunk).items():
                sizes[class_index[name]] += number
        total: Counter[str] = Counter()
        for count in counts:
            total.update(count)
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

    @cached_property
    def odds_of(self) -> dict[str, float]:
        """Feature to its share of the log odds of the second of two classes."""
        odds_F = self.weights_FC[:, 1] - self.weights_FC[:, 0]
        return dict(zip(self.index, odds_F.tolist(), strict=True))

    @cached_property
    def prior_odds(self) -> float:
        """Log odds of the second of two classes without any feature."""
        return float(self.prior_C[1] - self.prior_C[0])

    def log_odds(self, features: Iterable[str]) -> float:
        """Log odds of the second of two classes against the first."""
        # exact: the order of a set differs from run to run
        return math.fsum((self.prior_odds, *map(self.odds_of.get, {*features}, repeat(0.0))))
