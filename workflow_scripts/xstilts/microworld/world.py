"""The interface of the microworld: worlds, rows of tasks, properties of languages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError, unknown
from xstilts.microworld.generators import BILINGUAL, GENERATORS
from xstilts.microworld.inference import DIFFICULTIES
from xstilts.microworld.languages import SOURCE, Language, languages
from xstilts.microworld.lexicon import lexicon
from xstilts.microworld.order import Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.kinds import Row

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class World:
    """A family of invented languages that share one meaning."""

    seed: int = 0
    num_languages: int = 6

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages, mini-English first; a larger world has the same ones and more."""
        return languages(self.seed, self.num_languages)

    def language(self, code: str) -> Language:
        """The language with a code.

        Raises:
            UserError: the world has no such language.
        """
        by_code = {language.code: language for language in self.languages}
        if code not in by_code:
            where = f"microworld of {self.num_languages} languages"
            raise unknown("language", code, by_code, where)
        return by_code[code]


def rows(
    world: World,
    generator: str,
    language: str,
    split: str,
    num_examples: int,
    *,
    difficulty: str = "medium",
    stream: str = "",
) -> Iterator[Row]:
    """Yield the first examples of a split of a task in a language, in the schema of the kind.

    Example ``i`` means the same in every language. The facts of the pretraining text, the train,
    the validation and the test splits are disjoint.

    Args:
        world: the family of languages.
        generator: a name of ``GENERATORS``, such as "nli".
        language: a code of the world; the generators of ``BILINGUAL`` pair it with mini-English.
        split: "train", "validation" or "test".
        num_examples: number of examples; for "retrieval" and "mining" of sentence pairs, for
            "answers" of stories, for "mentions" of queries.
        difficulty: "easy", "medium" or "hard", for NLI, question answering and multiple choice.
        stream: distinguishes two data sets that use the same generator.

    Raises:
        UserError: an unknown name, or mini-English paired with itself.
    """
    if generator not in GENERATORS:
        raise unknown("generator", generator, GENERATORS, "microworld")
    if split not in SPLITS:
        raise unknown("split", split, SPLITS, "microworld")
    if difficulty not in DIFFICULTIES:
        raise unknown("difficulty", difficulty, DIFFICULTIES, "microworld")
    chosen = world.language(language)
    if generator in BILINGUAL and language == SOURCE:
        raise UserError(
            f"microworld {generator}: {language!r} cannot be paired with itself. "
            f"Name another language of the world: {', '.join(x.code for x in world.languages[1:])}."
        )
    order = Order(
        seed=world.seed,
        generator=generator,
        split=split,
        stream=stream,
        num_examples=num_examples,
        difficulty=difficulty,
        words=lexicon(world.seed, chosen),
        source_words=lexicon(world.seed, world.languages[0]),
    )
    return GENERATORS[generator](order)


def properties(world: World) -> list[dict[str, Any]]:
    """One row per language with all its properties, for tables."""
    return [asdict(language) for language in world.languages]
