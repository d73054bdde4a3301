"""Answer spans by words: the neighbours of each context word, and the words of the question."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xstilts.trivial_baselines.bayes import NaiveBayes
from xstilts.trivial_baselines.words import words, words_with_offsets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from xstilts.kinds import Row

VIEWS = {"bag_of_words": "all", "context_only": "part", "question_only": "part"}

ANSWERS = 500
"""Number of frequent training answers that the question-only view chooses from."""
LONGEST = 15
"""Maximum number of words in an answer."""
_FAR = 9
"""Distances from here on are one feature."""
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
            self.kinds = {kind for row in train if (kind := _kind(words(row["question"])))}
            # questions about one context follow each other
            self._context_odds = lru_cache(maxsize=1)(self._odds_of_context)
            self._context_run = lru_cache(maxsize=1)(lambda c: _best_run(self._context_odds(c)))

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
        if not found:
            return ""
        if self.view == "context_only":
            first, last = self._context_run(row["context"])
        else:
            first, last = _best_run(self._odds(row))
        text: str = row["context"][found[first][1] : found[last][2]]
        return text

    def _odds(self, row: Row) -> npt.NDArray[np.float64]:
        """The log odds of each context word, as of all its features; those of the context once."""
        odds, question = self._context_odds(row["context"]), words(row["question"])
        if not question:
            return odds
        known, odds_of = {*question}, self.model.odds_of
        marks = np.array([word in known for word, _, _ in words_with_offsets(row["context"])])
        near = np.array([odds_of.get(f"near={distance}", 0.0) for distance in range(_FAR + 1)])
        here = np.array([odds_of.get(f"known={mark}", 0.0) for mark in (False, True)])
        odds = odds + near[_distances(marks)] + here[marks.astype(int)]
        if (kind := _kind(question)) not in self.kinds:
            return odds
        asked = (
            sum(odds_of.get(f"{kind}|{feature}", 0.0) for feature in window)
            for window in _windows(row["context"])
        )
        return odds + np.fromiter(asked, np.float64, len(odds))

    def _odds_of_context(self, context: str) -> npt.NDArray[np.float64]:
        return np.array([self.model.log_odds(window) for window in _windows(context)])

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
        kind, known = _kind(question), {*question}
        near = _distances(np.array([word in known for word in found], bool)).tolist()
        for word, distance, window in zip(found, near, _windows(row["context"]), strict=True):
            if question:
                asked = [f"{kind}|{feature}" for feature in window]
                yield [*window, *asked, f"near={distance}", f"known={word in known}"]
            else:
                yield window


def _kind(question: Sequence[str]) -> str:
    """The first two words of a question."""
    return " ".join(question[:2])


@lru_cache(maxsize=1)
def _windows(context: str) -> list[list[str]]:
    """Each word of a context with its neighbours, as features."""
    found = ["", *(word for word, _, _ in words_with_offsets(context)), ""]
    return [
        [f"0:{word}", f"-:{before}", f"+:{after}"]
        for before, word, after in zip(found, found[1:], found[2:], strict=False)
    ]


def _distances(marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Distance of each position to the nearest other mark, at most ``_FAR``."""
    at = np.arange(len(marks))
    before = np.maximum.accumulate(np.where(marks, at, -_FAR))
    after = np.minimum.accumulate(np.where(marks, at, len(marks) + _FAR)[::-1])[::-1]
    # of the positions before and after this one
    before = np.concatenate([[-_FAR], before[:-1]])
    after = np.concatenate([after[1:], [len(marks) + _FAR]])
    return np.minimum(np.minimum(at - before, after - at), _FAR)


def _best_run(odds: npt.NDArray[np.float64]) -> tuple[int, int]:
    """First and last position of the run of at most ``LONGEST`` words with the greatest sum."""
    padded = np.pad(odds, (0, LONGEST - 1), constant_values=-np.inf)
    sums = np.cumsum(np.lib.stride_tricks.sliding_window_view(padded, LONGEST), axis=1)
    first, length = np.unravel_index(int(sums.argmax()), sums.shape)
    return int(first), int(first + length)


def _answer_model(train: Sequence[Row]) -> NaiveBayes:
    """Naive Bayes from a question's words to the training set's most frequent answers."""
    pairs = [(row, row["answers"][0]["text"] if row["answers"] else "") for row in train]
    counts = Counter(answer for _, answer in pairs)
    kept = sorted(counts, key=lambda answer: (-counts[answer], answer))[:ANSWERS]
    chosen = {*kept}
    examples = ((words(row["question"]), answer) for row, answer in pairs if answer in chosen)
    return NaiveBayes(examples, kept)
