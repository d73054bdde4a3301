"""Pairs of sentences with the same words, which mean the same or not.

The two sentences express one event, sometimes with a second event, in two forms: another voice,
another order of the two events, or both. Two parts are *exchangeable*: agent and patient, their
adjectives, or the locations or days of the two events. Where the meanings differ, these parts are
exchanged in the second sentence. The forms and the exchangeable parts do not depend on the label,
and both the event and its exchange belong to the split; so neither one sentence nor the two bags of
words reveal the label (except by case endings, where a language has them).
"""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

from xstilts.microworld.concepts import DAYS, LOCATIONS
from xstilts.microworld.draws import pick, several
from xstilts.microworld.facts import Bucket, Fact, bucket_of, draw_in, qualified, with_slot
from xstilts.microworld.grammar import Clause
from xstilts.microworld.inference import two_beings

Label = Literal["0", "1"]
LABELS: tuple[Label, ...] = ("0", "1")
"""1: the two mean the same."""
Channel = Literal["role", "quality", "location", "time"]
_CHANNELS: tuple[Channel, ...] = ("role", "role", "quality", "location", "time")
_FORMS = ("voice", "order", "both")


class Pair(NamedTuple):
    """The clauses of the two sentences."""

    first: tuple[Clause, ...]
    second: tuple[Clause, ...]


def _exchanged_roles(fact: Fact) -> Fact:
    """The fact with agent and patient exchanged."""
    assert fact.patient is not None, fact
    return fact._replace(agent=fact.patient, patient=fact.agent)


def _exchanged_qualities(fact: Fact) -> Fact:
    """The fact with the adjectives of agent and patient exchanged."""
    agent, patient = fact.agent, fact.patient
    assert patient is not None, fact
    return fact._replace(
        agent=agent._replace(adjective=patient.adjective),
        patient=patient._replace(adjective=agent.adjective),
    )


def _reversible(rng: random.Random, seed: int, bucket: Bucket) -> Fact:
    """Draw an act between two beings of one kind that belongs to the split, like its reverse."""
    while True:
        fact, reverse = two_beings(rng)
        if bucket_of(seed, fact) == bucket_of(seed, reverse) == bucket:
            return fact


def _qualified(rng: random.Random, fact: Fact) -> Fact | None:
    """The fact with different adjectives for agent and patient; None if one can have none."""
    assert fact.patient is not None, fact
    agent, patient = qualified(rng, fact.agent), qualified(rng, fact.patient)
    if not (agent.adjective and patient.adjective) or agent.adjective == patient.adjective:
        return None
    return fact._replace(agent=agent, patient=patient)


def _second_event(rng: random.Random, seed: int, bucket: Bucket, fact: Fact) -> Fact:
    """Draw another event of the split: another act, by another agent."""
    while True:
        other = draw_in(rng, seed, bucket)
        nouns = {fact.agent.noun, fact.patient.noun if fact.patient else ""}
        if other.verb != fact.verb and other.agent.noun not in nouns:
            return other


def _events(
    rng: random.Random, seed: int, bucket: Bucket, channel: Channel
) -> tuple[list[Fact], list[Fact]]:
    """Draw two events, and return them also with the exchangeable parts exchanged."""
    if channel in ("location", "time"):
        one = draw_in(rng, seed, bucket)
        other = _second_event(rng, seed, bucket, one)
        values = several(rng, LOCATIONS if channel == "location" else DAYS, 2)
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
    other = _second_event(rng, seed, bucket, fact)
    return [fact, other], [exchange(fact), other]


def draw_pair(rng: random.Random, seed: int, bucket: Bucket, label: Label) -> Pair:
    """Draw two sentences of one or two clauses, whose meanings are equal (1) or differ (0)."""
    channel = pick(rng, _CHANNELS)
    said, exchanged = _events(rng, seed, bucket, channel)
    # an exchange between two events needs both; within one, voice alone can change the form
    form = pick(rng, _FORMS)
    alone = channel in ("role", "quality") and form == "voice" and rng.random() < 0.6
    if channel in ("location", "time") and said[0].patient is None and said[1].patient is None:
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
