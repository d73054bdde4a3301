"""The arguments of a generator, and its random numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xstilts.microworld.facts import Bucket, bucket_of_split

if TYPE_CHECKING:
    from xstilts.microworld.lexicon import Lexicon


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """The arguments of a generator."""

    seed: int
    generator: str
    split: str
    stream: str
    """Examples of two streams differ, as those of two data sets for the same task do."""
    num_examples: int
    difficulty: str
    words: Lexicon
    source_words: Lexicon

    def rng(self, part: str | int) -> random.Random:
        """The random number generator of one example or one part of the split."""
        name = "/".join((self.generator, self.stream, self.split, self.difficulty, str(part)))
        return random.Random(f"{self.seed}/{name}")

    @property
    def bucket(self) -> Bucket:
        """The bucket of facts that may be used."""
        return bucket_of_split(self.generator, self.split)

    def name(self, index: int) -> str:
        """The id of an example."""
        return f"{self.split}-{index}"
