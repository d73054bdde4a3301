"""Causality: dilemmas of cause and effect, and stories with one right continuation.

The rule: acts form cycles of four, and each leads to the next one with the same participants.
Someone who loses a thing finds it, someone who finds it carries it, and so on around the cycle.

No answer can be guessed from the choices alone, because each choice would be right for another,
equally likely premise. In a cycle of four the cause of an act is the effect of the opposite act:
with both as choices, neither the premise nor the question alone determines the answer.
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
    """Difficulty of the choices."""

    opposite: float
    """Share of wrong choices from the same cycle; others can be excluded by their act."""
    second: float
    """Share of stories that begin with an irrelevant event."""


DIFFICULTIES: dict[str, Difficulty] = {
    "easy": Difficulty(opposite=0.0, second=0.0),
    "medium": Difficulty(opposite=0.5, second=0.3),
    "hard": Difficulty(opposite=1.0, second=0.7),
}


class Dilemma(NamedTuple):
    """A premise, and two facts, one of which is its cause or its effect."""

    premise: Fact
    asks_for: AsksFor
    choices: tuple[Fact, ...]


class Tale(NamedTuple):
    """Events in the order of the text, and four facts, one of which comes next."""

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
    """Draw two acts of one frame that may both have happened, equally likely in either order."""
    frame = pick(rng, _FRAMES)
    cycle, other = several(rng, CYCLES[frame], 2)
    act = pick(rng, cycle)
    rival = _along(act, 2) if rng.random() < difficulty.opposite else pick(rng, other)
    return frame, act, rival


def known(fact: Fact) -> Fact:
    """The fact with participants that have been mentioned already."""
    return fact._replace(patient=fact.patient and Phrase(fact.patient.noun))


def draw_dilemma(
    rng: random.Random, seed: int, bucket: Bucket, label: int, difficulty: Difficulty
) -> Dilemma:
    """Draw a dilemma whose choice number ``label`` is the right one."""
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
    """Draw a tale whose ending number ``label`` is the right one.

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
        causes = several(rng, crossed, NUM_ENDINGS)
        if bucket_of(seed, causes[label]) == bucket:
            break
    endings = tuple(known(event)._replace(verb=effect_of(event.verb)) for event in causes)
    events = [embellished(rng, causes[label])]
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
