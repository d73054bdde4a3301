"""Retrieval by the words that two sentences share."""

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
"""Stands where a model's predictions name a layer."""


class Baseline:
    """The candidate with the greatest cosine of the two sets of words; nothing is trained."""

    def __init__(self, view: str, train: Sequence[Row]) -> None:
        """Take nothing from the training examples, of which there are none."""
        del view, train

    def predict(self, rows: Sequence[Row]) -> list[Row]:
        """Predictions in the schema of the kind, without scores.

        Of equals, and where no word is shared, the first candidate.
        """
        candidates = [row for row in rows if row["side"] == "candidate"]
        sizes, places = [], defaultdict(list)
        for place, row in enumerate(candidates):
            own = {*words(row["text"])}
            sizes.append(math.sqrt(len(own)))
            for word in own:
                places[word].append(place)
        found = []
        for row in rows:
            if row["side"] != "query":
                continue
            shared: Counter[int] = Counter()
            for word in {*words(row["text"])}:
                shared.update(places.get(word, ()))
            best = min(shared, key=lambda p: (-shared[p] / sizes[p], p), default=0)
            answer = {"layer": LAYER, "gold": row["matches"], "prediction": candidates[best]["id"]}
            found.append({"id": row["id"], **answer})
        return found
