"""Answer spans by words: the neighbours of each context word, and the words of the question."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xstilts.trivial_baselines.bayes import NaiveBayes
from xstilts.trivial_baselines.words import words, words_with_offsets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.kinds import Row

VIEWS = {"bag_of_words": "all", "context_only": "part", "question_only": "part"}

ANSWERS = 500
"""Number of frequent training answers that the question-only view chooses from."""
LONGEST = 15
"""Maximum number of words in an answer."""
_CLASSES = ("outside", "inside")


class Baseline:
    """Predicts words that look like an answer; by the question alone, the most probable answer."""

    def __init__(self, view: str, train: Sequence[Row]) -> None:
        """Train on examples of the data schema."""
        self.view = view
        if view == "question_only":
            self.model = _answer_model(train)
        else:
            self.model = NaiveBayes(self._labelled(train), _CLASSES)

    def predict(self, rows: Sequence[Row]) -> list[Row]:
        """Predictions in the schema of the kind, without scores."""
        return [
            {
                "id": row["id"],
                "gold": [answer["text"] for answer in row["answers"]],
                "prediction": self._answer(row),
            }
            for row in rows
        ]

    def _answer(self, row: Row) -> str:
        if self.view == "question_only":
            return self.model.best(words(row["question"]))
        found = words_with_offsets(row["context"])
        odds = [self.model.log_odds(features) for features in self._features(row)]
        if not odds:
            return ""
        first, last = _best_run(odds)
        text: str = row["context"][found[first][1] : found[last][2]]
        return text

    def _labelled(self, train: Sequence[Row]) -> Iterator[tuple[list[str], str]]:
        """Yield the features of each context word, and its class: inside or outside an answer."""
        for row in train:
            spans = [(a["start"], a["start"] + len(a["text"])) for a in row["answers"]]
            for (_, start, end), features in zip(
                words_with_offsets(row["context"]), self._features(row), strict=True
            ):
                inside = any(start < last and end > first for first, last in spans)
                yield features, _CLASSES[inside]

    def _features(self, row: Row) -> Iterator[list[str]]:
        """Yield each context word with its neighbours, and these paired with the question's start.

        The distance to the nearest other context word that is also in the question indicates which
        part of the context the question is about.
        """
        found = [word for word, _, _ in words_with_offsets(row["context"])]
        question = words(row["question"]) if self.view == "bag_of_words" else []
        kind, known = " ".join(question[:2]), {*question}
        near = _distances([word in known for word in found])
        for position, word in enumerate(found):
            before = found[position - 1] if position else ""
            after = found[position + 1] if position + 1 < len(found) else ""
            window = [f"0:{word}", f"-:{before}", f"+:{after}"]
            if question:
                asked = [f"{kind}|{feature}" for feature in window]
                window += [*asked, f"near={min(near[position], 9)}", f"known={word in known}"]
            yield window


def _distances(marks: Sequence[bool]) -> list[int]:
    """Distance of each position to the nearest other mark; the total length if there is none."""
    marked = [position for position, mark in enumerate(marks) if mark]
    return [
        min((abs(at - other) for other in marked if other != at), default=len(marks))
        for at in range(len(marks))
    ]


def _best_run(odds: Sequence[float]) -> tuple[int, int]:
    """First and last position of the run of at most ``LONGEST`` words with the greatest sum."""
    best, bounds = float("-inf"), (0, 0)
    for first in range(len(odds)):
        total = 0.0
        for last in range(first, min(first + LONGEST, len(odds))):
            total += odds[last]
            if total > best:
                best, bounds = total, (first, last)
    return bounds


def _answer_model(train: Sequence[Row]) -> NaiveBayes:
    """Naive Bayes from a question's words to the training set's most frequent answers."""
    pairs = [(row, row["answers"][0]["text"] if row["answers"] else "") for row in train]
    counts = Counter(answer for _, answer in pairs)
    kept = sorted(counts, key=lambda answer: (-counts[answer], answer))[:ANSWERS]
    chosen = {*kept}
    examples = ((words(row["question"]), answer) for row, answer in pairs if answer in chosen)
    return NaiveBayes(examples, kept)
