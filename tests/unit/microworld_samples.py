"""Examples of the generated world, and trivial baselines of words, for its tests."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from xstilts.microworld import World, rows
from xstilts.microworld import inference as nli

WORLD = World(seed=0, num_languages=8)
CODES = [language.code for language in WORLD.languages]


def sample(generator: str, language: str, split: str, n: int, **options: Any) -> list[dict]:
    return list(rows(WORLD, generator, language, split, n, **options))


def sentences(text: str) -> list[str]:
    return [part.strip() for part in text.replace("?", ".").split(".") if part.strip()]


def naive_bayes_accuracy(
    train: list[tuple[str, str]],
    test: list[tuple[str, str]],
    labels: Sequence[str] = nli.LABELS,
    in_order: bool = True,
) -> float:
    counts: dict[str, Counter[str]] = {label: Counter() for label in labels}
    for text, label in train:
        counts[label].update(_features(text, in_order))
    totals = {label: sum(counter.values()) for label, counter in counts.items()}

    def score(text: str, label: str) -> float:
        return sum(
            math.log((counts[label][feature] + 0.5) / totals[label])
            for feature in _features(text, in_order)
        )

    right = sum(max(labels, key=lambda c: score(text, c)) == label for text, label in test)
    return right / len(test)


def _features(text: str, in_order: bool) -> list[str]:
    words = text.split()
    joined = map(" ".join, itertools.pairwise(words)) if in_order else ()
    return [*words, *joined, f"length {len(words)}"]
