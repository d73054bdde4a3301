"""Multiple choice by the words of context, question and choice, or of the choice alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.trivial_baselines.bayes import NaiveBayes
from xstilts.trivial_baselines.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.kinds import Row

VIEWS = {"bag_of_words": "all", "choices_only": "part"}
_CLASSES = ("wrong", "right")


class Baseline:
    """Naive Bayes that separates right choices from wrong ones."""

    def __init__(self, view: str, train: Sequence[Row]) -> None:
        """Train on examples of the data schema."""
        self.view = view
        self.model = NaiveBayes(
            (
                (self._features(row, number), _CLASSES[number == row["label"]])
                for row in train
                for number in range(len(row["choices"]))
            ),
            _CLASSES,
        )

    def predict(self, rows: Sequence[Row]) -> list[Row]:
        """Predictions in the schema of the kind, without probabilities; ties go to the first."""
        found = []
        for row in rows:
            numbers = range(len(row["choices"]))
            best = max(numbers, key=lambda n: self.model.log_odds(self._features(row, n)))
            found.append({"id": row["id"], "gold": row["label"], "prediction": best})
        return found

    def _features(self, row: Row, number: int) -> list[str]:
        """Words of a choice; in the full view also paired with words of context and question."""
        own = words(row["choices"][number])
        if self.view == "choices_only":
            others = {word for n, text in enumerate(row["choices"]) if n != number
                      for word in words(text)}  # fmt: skip
            return [*own, *(f"alone:{word}" for word in {*own} - others)]
        given = {*words(row["context"]), *words(row["question"])}
        shared = len(given & {*own})
        return [*own, f"shared={shared}", *(f"{word} {other}" for word in own for other in given)]
