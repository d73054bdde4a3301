"""Two sentences with the same words, which mean the same or not.

A pair is a reading of one event, sometimes beside another event, in two forms: another voice,
another order of the two events, or both. Two things in it are *exchangeable*: who did it to whom,
the adjectives of the two, or the places or days of the two events. In the pairs that differ in
meaning they are exchanged in the second sentence. The forms, and what is exchangeable, are drawn
before and without the label, and both the event and its exchange belong to the split; so neither
one sentence nor the two bags of words tell the label (case endings apart, where a language has
them).
"""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

from xstilts.microworld.concepts import DAYS, PRUNED_ID
from xstilts.microworld.draws import pick, several
from xstilts.microworld.facts import Bucket, Fact, bucket_of, draw_in, qualified, with_slot
from xstilts.microworld.grammar import Clause
from xstilts.microworld.inference import two_beings

Label = Literal["0", "1"]
LABELS: tuple[Label, ...] = ("0", "1")
"""1: the two mean the same."""
Channel = Literal["role", "quality", "place", "time"]
_CHANNELS: tuple[Channel, ...] = ("role", "role", "quality", "place", "time")
_FORMS = ("voice", "order", "both")


class Pair(NamedTuple):
    """The clauses of the two sentences."""

    first: tuple[Clause, ...]
    second: tuple[Clause, ...]


def _exchanged_roles(fact: Fact) -> Fact:
    """Who did it is now to whom it was done."""
    assert fact.patient is not None, fact
    return fact._replace(agent=fact.patient, patient=fact.agent)


def _exchanged_qualities(fact: Fact) -> Fact:
    """Each of the two has the adjective of the other."""
    agent, patient = fact.agent, fact.patient
    assert patient is not None, fact
    return fact._replace(
        agent=agent._replace(adjective=patient.adjective),
        patient=patient._replace(adjective=agent.adjective),
    )


def _reversible(rng: random.Random, seed: int, bucket: Bucket) -> Fact:
    """An act between two beings of a kind that belongs to the split, as does its reverse."""
    while True:
        fact, reverse = two_beings(rng)
        if bucket_of(seed, fact) == bucket_of(seed, reverse) == bucket:
            return fact


def _qualified(rng: random.Random, fact: Fact) -> Fact | None:
    """The fact with a different adjective for each of the two, or None if one can have none."""
    assert fact.patient is not None, fact
    agent, patient = qualified(rng, fact.agent), qualified(rng, fact.patient)
    if not (agent.adjective and patient.adjective) or agent.adjective == patient.adjective:
        return None
    return fact._replace(agent=agent, patient=patient)


def _beside(rng: random.Random, seed: int, bucket: Bucket, fact: Fact) -> Fact:
    """Another event of the split: another act, by someone else."""
    while True:
        other = draw_in(rng, seed, bucket)
        nouns = {fact.agent.noun, fact.patient.noun if fact.patient else ""}
        if other.verb != fact.verb and other.agent.noun not in nouns:
            return other


def _events(
    rng: random.Random, seed: int, bucket: Bucket, channel: Channel
) -> tuple[list[Fact], list[Fact]]:
    """Two events, and the two with the exchangeable things exchanged."""
    if channel in ("place", "time"):
        one = draw_in(rng, seed, bucket)
        other = _beside(rng, seed, bucket, one)
        values = several(rng, PRUNED_ID if channel == "place" else DAYS, 2)
        said, exchanged = (
            [
                with_slot(fact, channel, value)
                for fact, value in zip((one, other), order, strict=True)
            ]
            for order in (values, values[::-1])
        )
        return said, exchanged
    fact: Fact | None = None
    while fact is None:
        fact = _reversible(rng, seed, bucket)
        if channel == "quality":
            fact = _qualified(rng, fact)
    exchange = _exchanged_roles if channel == "role" else _exchanged_qualities
    other = _beside(rng, seed, bucket, fact)
    return [fact, other], [exchange(fact), other]


def draw_pair(rng: random.Random, seed: int, bucket: Bucket, label: Label) -> Pair:
    """Two sentences of one or two clauses, whose meanings are equal (1) or differ (0)."""
    channel = pick(rng, _CHANNELS)
    said, exchanged = _events(rng, seed, bucket, channel)
    # an exchange between two events needs both; within one, voice alone can change the form
    form = pick(rng, _FORMS)
    alone = channel in ("role", "quality") and form == "voice" and rng.random() < 0.6
    if channel in ("place", "time") and said[0].patient is None and said[1].patient is None:
        form = "order"
    passive = [rng.random() < 0.5 for _ in said]
    changed = [not voice for voice in passive] if form != "order" else passive
    meant = said if label == "1" else exchanged
    first = [Clause(fact, passive=voice) for fact, voice in zip(said, passive, strict=True)]
    second = [Clause(fact, passive=voice) for fact, voice in zip(meant, changed, strict=True)]
    if alone:
        return Pair((first[0],), (second[0],))
    if form == "voice":
        return Pair(tuple(first), tuple(second))
    return Pair(tuple(first), tuple(reversed(second)))
