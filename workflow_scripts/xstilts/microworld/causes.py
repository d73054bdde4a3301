"""What leads to what: dilemmas of cause and effect, and stories with one right continuation.

The law of the world: acts form cycles of four, and each leads to the next by the same participants.
Whoever loses a thing finds it, whoever finds it carries it, and so on, round and round.

No choice can be guessed from the choices alone, because each of them would be right of a premise
that is as likely. In a cycle of four the cause of an act is the effect of the opposite one: with
both as choices, a premise without its question leaves the answer open, and so does the reverse.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, NamedTuple

from xstilts.microworld.concepts import Frame, siblings
from xstilts.microworld.draws import pick, several
from xstilts.microworld.facts import (
    Bucket,
    Fact,
    Phrase,
    Slot,
    bucket_of,
    draw_fact,
    draw_in,
    embellished,
    with_slot,
)

AsksFor = Literal["cause", "effect"]
_ASKED: tuple[AsksFor, ...] = ("cause", "effect")

_PARTICIPANTS: tuple[Slot, ...] = ("agent", "patient")

CYCLES: dict[Frame, tuple[tuple[str, ...], ...]] = {
    "thing": (
        ("lose", "find", "carry", "drop"),
        ("buy", "break", "repair", "sell"),
    ),
    "social": (("greet", "help", "thank", "praise"), ("push", "insult", "blame", "pull")),
    "act": (("work", "rest", "sleep", "wait"), ("laugh", "sing", "dance", "cry")),
}
"""Acts in the order in which each leads to the next, and the last to the first."""
CYCLE_OF = {act: cycle for cycles in CYCLES.values() for cycle in cycles for act in cycle}
_FRAMES: tuple[Frame, ...] = ("thing", "thing", "social", "act")

NUM_ENDINGS = 4
NUM_ALTERNATIVES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Difficulty:
    """What a choice may take."""

    opposite: float
    """Share of wrong choices from the same cycle; others are told apart by the act alone."""
    second: float
    """Share of stories that begin with an irrelevant event."""


DIFFICULTIES: dict[str, Difficulty] = {
    "easy": Difficulty(opposite=0.0, second=0.0),
    "medium": Difficulty(opposite=0.5, second=0.3),
    "hard": Difficulty(opposite=1.0, second=0.7),
}


class Dilemma(NamedTuple):
    """A premise, and two facts of which one is its cause or its effect."""

    premise: Fact
    asks_for: AsksFor
    choices: tuple[Fact, ...]


class Tale(NamedTuple):
    """Events in the order of telling, and four facts of which one comes next."""

    events: tuple[Fact, ...]
    endings: tuple[Fact, ...]


def effect_of(act: str) -> str:
    """The act that an act leads to."""
    return _along(act, 1)


def cause_of(act: str) -> str:
    """The act that leads to an act."""
    return _along(act, -1)


def _along(act: str, steps: int) -> str:
    cycle = CYCLE_OF[act]
    return cycle[(cycle.index(act) + steps) % len(cycle)]


def _two_acts(rng: random.Random, difficulty: Difficulty) -> tuple[Frame, str, str]:
    """Two acts of one frame that may both have happened, equally likely in either order."""
    frame = pick(rng, _FRAMES)
    cycle, other = several(rng, CYCLES[frame], 2)
    act = pick(rng, cycle)
    rival = _along(act, 2) if rng.random() < difficulty.opposite else pick(rng, other)
    return frame, act, rival


def known(fact: Fact) -> Fact:
    """The fact with participants that have been mentioned before."""
    return fact._replace(patient=fact.patient and Phrase(fact.patient.noun))


def draw_dilemma(
    rng: random.Random, seed: int, bucket: Bucket, label: int, difficulty: Difficulty
) -> Dilemma:
    """A dilemma whose choice number ``label`` is the right one."""
    while True:
        frame, act, rival = _two_acts(rng, difficulty)
        fact = draw_fact(rng, frame, act)
        if bucket_of(seed, fact) == bucket:
            break
    asks_for = pick(rng, _ASKED)
    related = cause_of if asks_for == "cause" else effect_of
    right, wrong = (known(fact)._replace(verb=related(verb)) for verb in (act, rival))
    choices = (right, wrong) if label == 0 else (wrong, right)
    return Dilemma(embellished(rng, fact), asks_for, choices)


def draw_tale(
    rng: random.Random, seed: int, bucket: Bucket, label: int, difficulty: Difficulty
) -> Tale:
    """A tale whose ending number ``label`` is the right one.

    The endings cross two acts with two participants, so that both must be compared with the tale.
    """
    while True:
        frame, act, rival = _two_acts(rng, difficulty)
        fact = draw_fact(rng, frame, act)
        slot: Slot = "agent" if fact.patient is None else pick(rng, _PARTICIPANTS)
        own: Phrase = getattr(fact, slot)
        other = own._replace(noun=pick(rng, siblings(own.noun)))
        taken = {phrase.noun for phrase in (fact.agent, fact.patient) if phrase}
        if other.noun in taken:
            continue
        crossed = [
            with_slot(fact, slot, who)._replace(verb=verb)
            for verb in (act, rival)
            for who in (own, other)
        ]
        told = several(rng, crossed, NUM_ENDINGS)
        if bucket_of(seed, told[label]) == bucket:
            break
    endings = tuple(known(event)._replace(verb=effect_of(event.verb)) for event in told)
    events = [embellished(rng, told[label])]
    if rng.random() < difficulty.second:
        acts = {*CYCLE_OF[act], *CYCLE_OF[rival]}
        events.insert(0, _irrelevant(rng, seed, bucket, acts, {*taken, other.noun}))
    return Tale(tuple(events), endings)


def _irrelevant(
    rng: random.Random, seed: int, bucket: Bucket, acts: set[str], nouns: set[str]
) -> Fact:
    """An event without these acts and participants."""
    while True:
        fact = draw_in(rng, seed, bucket)
        phrases = (fact.agent, fact.patient, fact.recipient)
        if fact.verb not in acts and not nouns & {p.noun for p in phrases if p}:
            return embellished(rng, fact)
