"""Sentences with the names of persons, organisations and locations.

All names consist of the same words, first names and nouns for locations, so that a word alone does
not determine its type: *mary* is a person as a participant and a location after "in"; *mary market*
is an organisation as a participant and a location after "in"; *mary paul* is a person. Mere nouns
("the doctor", "in the market") are not names.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from xstilts.microworld.concepts import LOCATIONS, NAMES
from xstilts.microworld.draws import pick
from xstilts.microworld.facts import Bucket, Fact, Phrase, Slot, draw_in, embellished
from xstilts.microworld.grammar import Clause, Token, sentence
from xstilts.microworld.lexicon import Case

if TYPE_CHECKING:
    from xstilts.microworld.lexicon import Lexicon

Type = Literal["PER", "ORG", "LOC"]
_PARTICIPANTS: tuple[Slot, ...] = ("agent", "patient", "recipient")
_OUTSIDE = "O"


class Entity(NamedTuple):
    """The type of a name, and its words by concept, the first of which is a first name."""

    type: Type
    words: tuple[str, ...]


class Mention(NamedTuple):
    """A clause, and the names in it by slot."""

    clause: Clause
    names: dict[Slot, Entity]


def draw_mentions(rng: random.Random, seed: int, bucket: Bucket) -> list[Mention]:
    """Draw one or two clauses about facts of the split, some with names and some without."""
    mentions = []
    for _ in range(pick(rng, (1, 1, 2))):
        fact = embellished(rng, draw_in(rng, seed, bucket))
        clause = Clause(fact, rng.random() < 0.1, rng.random() < 0.2)
        mentions.append(Mention(clause, _names_in(rng, fact)))
    return mentions


def _names_in(rng: random.Random, fact: Fact) -> dict[Slot, Entity]:
    """Draw a name for each participant who has one, and for some locations."""
    names: dict[Slot, Entity] = {}
    for slot in _PARTICIPANTS:
        phrase = getattr(fact, slot)
        if isinstance(phrase, Phrase) and phrase.noun in NAMES:
            names[slot] = _participant(rng, phrase.noun)
    if fact.location is not None and rng.random() < 0.7:
        words = (pick(rng, NAMES),)
        names["location"] = Entity("LOC", words if rng.random() < 0.5 else (*words, fact.location))
    return names


def _participant(rng: random.Random, name: str) -> Entity:
    """Draw a person with one or two names, or an organisation."""
    kind = pick(rng, ("first", "full", "organisation"))
    if kind == "first":
        return Entity("PER", (name,))
    if kind == "full":
        return Entity("PER", (name, pick(rng, [other for other in NAMES if other != name])))
    return Entity("ORG", (name, pick(rng, LOCATIONS)))


def tagged(words: Lexicon, mention: Mention) -> list[tuple[str, str]]:
    """(word, tag) of each token of the sentence, the tags in the BIO scheme."""
    found: list[tuple[str, str]] = []
    tokens = sentence(words, (mention.clause,))
    for index, token in enumerate(tokens):
        entity = mention.names.get(token.slot) if token.slot else None
        if entity and token.tag in ("NOUN", "PROPN"):
            case = _case_of(words, token, mention.clause.fact)
            for number, word in enumerate(entity.words):
                form = words.nouns[word, False, case]
                found.append((form, f"{'I' if number else 'B'}-{entity.type}"))
        elif not (token.tag == "DET" and _begins_name(tokens, index, mention)):
            found.append((token.form, _OUTSIDE))
    return found


def _begins_name(tokens: list[Token], index: int, mention: Mention) -> bool:
    """True if the phrase after an article became a name, which takes no article."""
    follower = tokens[index + 1].slot
    return follower is not None and follower in mention.names


def _case_of(words: Lexicon, token: Token, fact: Fact) -> Case:
    """The case of a noun; the first of those with the same form."""
    content = getattr(fact, token.slot or "")
    noun = content.noun if isinstance(content, Phrase) else content
    cases: tuple[Case, ...] = get_args(Case)
    return next(case for case in cases if words.nouns[noun, False, case] == token.form)
