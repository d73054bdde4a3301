"""Random choices that are the same for a seed in every version of Python.

Python promises this for seeding by text and ``Random.random`` alone, not for ``choice`` or
``sample``; so all choices go through these few functions.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def pick(rng: random.Random, options: Sequence[T]) -> T:
    """One of the options, all equally likely."""
    return options[int(rng.random() * len(options))]


def several(rng: random.Random, options: Sequence[T], count: int) -> list[T]:
    """A sample of the options without replacement, in random order."""
    left = list(options)
    return [left.pop(int(rng.random() * len(left))) for _ in range(count)]
