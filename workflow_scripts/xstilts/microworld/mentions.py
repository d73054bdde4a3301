"""Persons described by their deeds, and sentences that mention them.

Many persons share a name, so that only the rest of a sentence determines which of them it means.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from xstilts.microworld.concepts import NAMES
from xstilts.microworld.draws import pick
from xstilts.microworld.facts import (
    Bucket,
    Fact,
    Phrase,
    bucket_of,
    draw_in,
    embellished,
    with_slot,
)
from xstilts.microworld.grammar import Clause, sentence, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.kinds import Row
    from xstilts.microworld.lexicon import Lexicon
    from xstilts.microworld.order import Order

_DEEDS = 2
"""Number of facts that describe a person."""


def mentions(order: Order) -> Iterator[Row]:
    """Ranking rows: persons described in mini-English, each before the sentences that mention them.

    Of two consecutive persons the first is mentioned twice, by each deed, the other once.
    """
    seen: set[str] = set()
    queries = 0
    person = 0
    while queries < order.num_examples:
        deeds = _person(order, person, seen)
        described = " ".join(text_of(sentence(order.source_words, (Clause(d),))) for d in deeds)
        yield {"id": f"person-{person}", "side": "candidate", "text": described, "matches": []}
        for deed in deeds[: _DEEDS - person % 2][: order.num_examples - queries]:
            yield {
                "id": order.name(queries),
                "side": "query",
                "text": _marked(order.words, deed),
                "matches": [f"person-{person}"],
            }
            queries += 1
        person += 1


def _person(order: Order, number: int, seen: set[str]) -> list[Fact]:
    """Draw the deeds of a person; no two persons have a deed in common."""
    rng = order.rng(number)
    agent = Phrase(pick(rng, NAMES))
    deeds: list[Fact] = []
    while len(deeds) < _DEEDS:
        deed = _deed(rng, order.seed, order.bucket, agent)
        # an article alone makes no difference in a language without articles
        tokens = sentence(order.source_words, (Clause(deed),))
        key = " ".join(token.form for token in tokens if token.tag != "DET")
        if key not in seen:
            seen.add(key)
            deeds.append(deed)
    return deeds


def _deed(rng: random.Random, seed: int, bucket: Bucket, agent: Phrase) -> Fact:
    """Draw a fact of the split with this agent."""
    while True:
        fact = draw_in(rng, seed, bucket)
        others = [part.noun for part in (fact.patient, fact.recipient) if part]
        deed = with_slot(fact, "agent", agent)
        if agent.noun not in others and bucket_of(seed, deed) == bucket:
            return embellished(rng, deed)._replace(agent=agent)


def _marked(words: Lexicon, deed: Fact) -> str:
    """The sentence with the name marked and put in front, as Mewsli-X's baseline writes it."""
    tokens = sentence(words, (Clause(deed),))
    position = next(i for i, token in enumerate(tokens) if token.slot == "agent")
    name = tokens[position].form
    left, right = text_of(tokens[:position]), text_of(tokens[position + 1 :])
    return f"{name}: {left} {{ {name} }} {right}".replace("  ", " ")
