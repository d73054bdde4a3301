"""Tagging by the word alone: the most frequent tag of each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.kinds import Row

VIEWS = {"most_frequent_tag": "all"}


class Baseline:
    """Predicts each word's most frequent tag; for unknown words, the most frequent tag overall."""

    def __init__(self, view: str, train: Sequence[Row]) -> None:
        """Count the tags of each word."""
        del view
        counts: dict[str, Counter[str]] = {}
        every: Counter[str] = Counter()
        for row in train:
            every.update(row["tags"])
            for token, tag in zip(row["tokens"], row["tags"], strict=True):
                counts.setdefault(token.lower(), Counter())[tag] += 1
        self.tag_of = {word: _commonest(found) for word, found in counts.items()}
        self.other = _commonest(every)

    def predict(self, rows: Sequence[Row]) -> list[Row]:
        """Predictions in the schema of the kind."""
        return [
            {
                "id": row["id"],
                "gold": row["tags"],
                "prediction": [self.tag_of.get(t.lower(), self.other) for t in row["tokens"]],
            }
            for row in rows
        ]


def _commonest(counts: Counter[str]) -> str:
    """The most frequent tag; ties go to the alphabetically first."""
    return min(counts, key=lambda tag: (-counts[tag], tag))
