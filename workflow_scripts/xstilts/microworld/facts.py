"""Facts: who did what, to what, for whom, where and when; drawn at random, disjoint by split."""

from __future__ import annotations

import functools
import random
from hashlib import sha256
from typing import Literal, NamedTuple

from xstilts.microworld.concepts import (
    DAYS,
    KINDS,
    LOCATIONS,
    MANNERS,
    NAMES,
    NUMBERS,
    THINGS,
    VERBS,
    VERBS_OF,
    Frame,
    qualities_of,
)
from xstilts.microworld.draws import pick

Slot = Literal["agent", "patient", "recipient", "location", "time"]
Bucket = Literal["text", "train", "validation", "test"]


class Phrase(NamedTuple):
    """A participant as it is mentioned: "the red apple", "two apples", "mary", "a person"."""

    noun: str
    adjective: str | None = None
    number: str | None = None
    definite: bool = True


class Fact(NamedTuple):
    """One event of the world; None for parts that the event lacks or that are not mentioned."""

    verb: str
    agent: Phrase
    patient: Phrase | None = None
    recipient: Phrase | None = None
    location: str | None = None
    time: str | None = None
    manner: str | None = None


# In sixteenths: enough facts for text and training to learn every word, enough others to test on.
_SHARES: dict[Bucket, int] = {"text": 6, "train": 5, "validation": 2, "test": 3}
_BUCKETS: tuple[Bucket, ...] = tuple(b for b, share in _SHARES.items() for _ in range(share))
_NAMED = tuple(Phrase(noun) for noun in NAMES)
_TRADES = tuple(Phrase(noun) for noun in KINDS["person"])
_ANIMALS = tuple(Phrase(noun) for noun in KINDS["animal"])
_THINGS = tuple(Phrase(noun, definite=definite) for noun in THINGS for definite in (True, False))
_ANY_FRAME: tuple[Frame, ...] = ("thing", "thing", "social", "hunt", "gift", "act")


@functools.lru_cache(maxsize=1 << 17)
def _bucket(seed: int, core: tuple[str, ...]) -> Bucket:
    """The only split in which a core (agent, verb, patient, recipient) may be stated as true."""
    digest = sha256(f"{seed}/bucket/{'/'.join(core)}".encode()).digest()
    return _BUCKETS[digest[0] % 16]


def bucket_of(seed: int, fact: Fact) -> Bucket:
    """The split that a fact belongs to, determined by its participants and act.

    Modifiers do not count: a test fact differs from every training fact in more than a location.
    """
    patient = fact.patient.noun if fact.patient else ""
    recipient = fact.recipient.noun if fact.recipient else ""
    return _bucket(seed, (fact.agent.noun, fact.verb, patient, recipient))


def bucket_of_split(generator: str, split: str) -> Bucket:
    """The bucket of facts for a split: pretraining text has its own, disjoint from all tasks."""
    if split == "train":
        return "text" if generator in ("text", "parallel") else "train"
    assert split in ("validation", "test"), split
    return split  # type: ignore[return-value]


def with_slot(fact: Fact, slot: Slot, value: Phrase | str | None) -> Fact:
    """The fact with another value in one slot."""
    return fact._replace(**{slot: value})  # type: ignore[arg-type]


def draw_person(rng: random.Random) -> Phrase:
    """Draw a person, by trade or by name."""
    return pick(rng, _NAMED if rng.random() < 0.4 else _TRADES)


def draw_fact(rng: random.Random, frame: Frame | None = None, verb: str | None = None) -> Fact:
    """Draw an event without modifiers; no noun takes part twice."""
    if verb is None:
        verb = pick(rng, VERBS_OF[pick(rng, _ANY_FRAME) if frame is None else frame])
    frame = VERBS[verb].frame
    agent = draw_person(rng)
    if frame == "act":
        return Fact(verb, agent)
    if frame == "thing":
        return Fact(verb, agent, pick(rng, _THINGS))
    if frame == "hunt" and rng.random() < 0.5:
        agent = pick(rng, _ANIMALS)
    other = agent
    while other.noun == agent.noun:
        other = pick(rng, _ANIMALS) if frame == "hunt" else draw_person(rng)
    if frame == "gift":
        return Fact(verb, agent, pick(rng, _THINGS), other)
    return Fact(verb, agent, other)


def qualified(rng: random.Random, phrase: Phrase) -> Phrase:
    """The phrase with an adjective that suits the noun, if any does."""
    groups = qualities_of(phrase.noun)
    if not groups:
        return phrase
    return phrase._replace(adjective=pick(rng, pick(rng, groups)))


def embellished(rng: random.Random, fact: Fact, *, lavish: bool = False) -> Fact:
    """Add some modifiers to a fact: location, day, adjectives; manner and number if ``lavish``."""
    location = pick(rng, LOCATIONS) if rng.random() < 0.5 else None
    time = pick(rng, DAYS) if rng.random() < 0.4 else None
    fact = fact._replace(location=location, time=time)
    if rng.random() < 0.25:
        fact = fact._replace(agent=qualified(rng, fact.agent))
    if fact.patient and rng.random() < 0.35:
        fact = fact._replace(patient=qualified(rng, fact.patient))
    if lavish and rng.random() < 0.15:
        fact = fact._replace(manner=pick(rng, MANNERS))
    if lavish and fact.patient and fact.patient.noun in THINGS and rng.random() < 0.15:
        fact = fact._replace(patient=fact.patient._replace(number=pick(rng, NUMBERS)))
    return fact


def draw_in(
    rng: random.Random,
    seed: int,
    bucket: Bucket,
    frame: Frame | None = None,
    verb: str | None = None,
) -> Fact:
    """Draw an event without modifiers that belongs to a split."""
    while True:
        fact = draw_fact(rng, frame, verb)
        if bucket_of(seed, fact) == bucket:
            return fact
