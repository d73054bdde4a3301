"""Classification by the words of both texts, by those of one text, or by word overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.trivial_baselines.bayes import NaiveBayes
from xstilts.trivial_baselines.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.kinds import Row

VIEWS = {
    "bag_of_words": "all",
    "text_a_only": "part",
    "text_b_only": "part",
    "word_overlap": "numbers",
}


def fits(view: str, example: Row) -> bool:
    """True if a view applies: a single text has no sides."""
    return view == "bag_of_words" or example["text_b"] is not None


class Baseline:
    """Naive Bayes over the words of a view."""

    def __init__(self, view: str, train: Sequence[Row]) -> None:
        """Train on examples of the data schema."""
        self.view = view
        labels = sorted({row["label"] for row in train})
        self.model = NaiveBayes(((self._features(row), row["label"]) for row in train), labels)

    def predict(self, rows: Sequence[Row]) -> list[Row]:
        """Predictions in the schema of the kind, without probabilities."""
        return [
            {
                "id": row["id"],
                "gold": row["label"],
                "prediction": self.model.best(self._features(row)),
            }
            for row in rows
        ]

    def _features(self, row: Row) -> list[str]:
        """Features of a view: words of one side, words and word pairs of both, or word counts."""
        if self.view.endswith("_only"):
            return words(row[self.view.removesuffix("_only")])
        first, second = {*words(row["text_a"])}, {*words(row["text_b"])}
        if self.view == "word_overlap":
            return [f"shared={len(first & second)}", f"new={len(second - first)}"]
        marked = [f"a:{word}" for word in first] + [f"b:{word}" for word in second]
        return [*marked, *(f"{word} {other}" for word in first for other in second)]
