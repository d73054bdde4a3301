"""Retrieval by word overlap."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from xstilts.trivial_baselines.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.kinds import Row

VIEWS = {"word_overlap": "all"}
LAYER = 0
"""Layer in the predictions, as for a model's hidden states."""


class Baseline:
    """Predicts the candidate whose set of words has the greatest cosine with the query's."""

    def __init__(self, view: str, train: Sequence[Row]) -> None:
        """Ignore the arguments: nothing is trained."""
        del view, train

    def predict(self, rows: Sequence[Row]) -> list[Row]:
        """Predictions in the schema of the kind, without scores.

        Ties, and queries that share no word, get the first candidate.
        """
        candidates = [row for row in rows if row["side"] == "candidate"]
        sizes, postings = [], defaultdict(list)
        for position, row in enumerate(candidates):
            own = {*words(row["text"])}
            sizes.append(math.sqrt(len(own)))
            for word in own:
                postings[word].append(position)
        found = []
        for row in rows:
            if row["side"] != "query":
                continue
            shared: Counter[int] = Counter()
            for word in {*words(row["text"])}:
                shared.update(postings.get(word, ()))
            best = min(shared, key=lambda p: (-shared[p] / sizes[p], p), default=0)
            answer = {"layer": LAYER, "gold": row["matches"], "prediction": candidates[best]["id"]}
            found.append({"id": row["id"], **answer})
        return found
