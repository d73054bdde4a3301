"""Short stories and questions about them with exactly one answer."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import get_args

from xstilts.microworld.concepts import DAYS, LOCATIONS, Frame
from xstilts.microworld.draws import pick, several
from xstilts.microworld.facts import (
    Bucket,
    Fact,
    Phrase,
    Slot,
    bucket_of,
    draw_fact,
    draw_in,
    qualified,
    with_slot,
)
from xstilts.microworld.grammar import Clause

SLOTS: tuple[Slot, ...] = get_args(Slot)
_ASKED: tuple[Slot, ...] = ("agent", "agent", "patient", "patient", "location", "time", "recipient")
_CIRCUMSTANCES: tuple[Slot, ...] = ("location", "time")
_PARTICIPANTS: tuple[Slot, ...] = ("agent", "patient")
_FRAMES: dict[Slot, tuple[Frame, ...]] = {
    "agent": ("thing", "thing", "social", "hunt", "gift", "act"),
    "patient": ("thing", "thing", "social", "hunt"),
    "recipient": ("gift",),
    "location": ("thing", "thing", "social", "hunt", "act"),
    "time": ("thing", "thing", "social", "hunt", "act"),
}


@dataclass(frozen=True, slots=True)
class Story:
    """Facts in the order of the text, and a question about one of them."""

    facts: tuple[Fact, ...]
    target: int | None
    """Index of the fact that holds the answer; None if none does."""
    question: Clause
    """Its fact holds the given information, and the answer in the slot asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difficulty:
    """Difficulty of the questions."""

    lengths: tuple[int, ...]
    """Possible numbers of facts in a story."""
    same_verb: int
    """Number of distractors with the act of the target and other participants."""
    near: int
    """Number of distractors that differ from the target in one participant."""


DIFFICULTIES: dict[str, Difficulty] = {
    "easy": Difficulty(lengths=(2, 3), same_verb=0, near=0),
    "medium": Difficulty(lengths=(3, 4), same_verb=1, near=0),
    "hard": Difficulty(lengths=(4, 5, 6), same_verb=1, near=2),
}


def content(fact: Fact, slot: Slot) -> str | None:
    """The concept in a slot of a fact."""
    value = getattr(fact, slot)
    return value.noun if isinstance(value, Phrase) else value


def answers(facts: tuple[Fact, ...], question: Clause) -> list[int]:
    """The indices of the facts that answer a question."""
    given = [s for s in SLOTS if s != question.ask and content(question.fact, s) is not None]
    return [
        index
        for index, fact in enumerate(facts)
        if fact.verb == question.fact.verb
        and question.ask is not None
        and content(fact, question.ask) is not None
        and all(content(fact, slot) == content(question.fact, slot) for slot in given)
    ]


def without(story: Story, omitted: int) -> Story:
    """The story without one of its facts."""
    facts = story.facts[:omitted] + story.facts[omitted + 1 :]
    target = story.target
    if target is not None:
        target = None if target == omitted else target - (target > omitted)
    return Story(facts, target, story.question)


def _bare(phrase: Phrase | None) -> Phrase | None:
    """A known participant, without adjective."""
    return phrase and Phrase(phrase.noun)


def ask(rng: random.Random, facts: tuple[Fact, ...], target: int, slot: Slot) -> Clause | None:
    """Draw a question for a slot of one fact; None if another fact would answer it as well.

    It names all other participants (a verb without its object would not be a clause), and location
    or day only where needed.
    """
    fact = facts[target]
    full = fact._replace(
        agent=Phrase(fact.agent.noun),
        patient=_bare(fact.patient),
        recipient=_bare(fact.recipient),
        manner=None,
    )
    brief = full._replace(
        location=full.location if slot == "location" else None,
        time=full.time if slot == "time" else None,
    )
    alone = slot == "agent" and fact.patient is None
    candidates = (full,) if alone or rng.random() < 0.15 else (brief, full)
    for candidate in candidates:
        question = Clause(candidate, ask=slot)
        if answers(facts, question) == [target]:
            return question
    return None


def _dressed(rng: random.Random, fact: Fact, slot: Slot, circumstance: str) -> Fact:
    """The fact with a location or a day, and some adjectives."""
    fact = with_slot(fact, slot, circumstance)
    if rng.random() < 0.2:
        fact = fact._replace(agent=qualified(rng, fact.agent))
    if fact.patient is not None and rng.random() < 0.2:
        fact = fact._replace(patient=qualified(rng, fact.patient))
    return fact


def _near(rng: random.Random, seed: int, bucket: Bucket, target: Fact, slot: Slot) -> Fact | None:
    """The target with one participant exchanged: the one asked for, if it is a participant.

    None if the split seems to have no such fact.
    """
    changed: Slot = slot
    if slot in ("location", "time"):
        changed = "agent" if target.patient is None else pick(rng, _PARTICIPANTS)
    for _ in range(20):
        # any fact with this act will do to take a participant from
        fact = with_slot(target, changed, getattr(draw_fact(rng, verb=target.verb), changed))
        nouns = [p.noun for p in (fact.agent, fact.patient, fact.recipient) if p is not None]
        apart = content(fact, changed) != content(target, changed)
        if apart and len(set(nouns)) == len(nouns) and bucket_of(seed, fact) == bucket:
            return fact
    return None


def _others(
    rng: random.Random, seed: int, bucket: Bucket, target: Fact, slot: Slot, difficulty: Difficulty
) -> list[Fact] | None:
    """Draw the other facts of a story, without location or day; some have the target's act."""
    number = pick(rng, difficulty.lengths) - 1
    facts = [draw_in(rng, seed, bucket, verb=target.verb) for _ in range(difficulty.same_verb)]
    for _ in range(difficulty.near):
        fact = _near(rng, seed, bucket, target, slot)
        if fact is None:
            return None
        facts.append(fact)
    while len(facts) < number:
        fact = draw_in(rng, seed, bucket)
        if fact.verb != target.verb:
            facts.append(fact)
    return facts


def draw_story(rng: random.Random, seed: int, bucket: Bucket, difficulty: Difficulty) -> Story:
    """Draw a story with one fact that answers its question and alone mentions the answer."""
    slot = pick(rng, _ASKED)
    circumstance = slot if slot in ("location", "time") else pick(rng, _CIRCUMSTANCES)
    while True:
        target = draw_in(rng, seed, bucket, pick(rng, _FRAMES[slot]))
        others = _others(rng, seed, bucket, target, slot, difficulty)
        if others is None:
            continue
        bare = [target, *others]
        pool = several(rng, LOCATIONS if circumstance == "location" else DAYS, len(bare))
        facts = [
            _dressed(rng, fact, circumstance, word) for fact, word in zip(bare, pool, strict=True)
        ]
        answer = content(facts[0], slot)
        if any(content(fact, other) == answer for fact in facts[1:] for other in SLOTS):
            continue
        order = several(rng, range(len(facts)), len(facts))
        shuffled = tuple(facts[index] for index in order)
        question = ask(rng, shuffled, order.index(0), slot)
        if question is not None:
            return Story(shuffled, order.index(0), question)
