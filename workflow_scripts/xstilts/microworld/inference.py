"""Premises and hypotheses whose label follows from the rules of the world.

The rules: a premise reports one event. A hypothesis with the same act is about that event, so
another location, day, participant or quality contradicts it. Opposite acts exclude each other.
Nothing is known about other acts, nor about details that are not mentioned. Names and trades are
compatible.

No label can be guessed from one side alone. Each *channel* below draws one hypothesis and three
premises, of which the label picks one: the hypothesis does not depend on the label. The premises
have the same form: where the neutral one must lack the detail at issue, the two others lack its
counterpart (a day for a location, the other participant's adjective). Negating the hypothesis swaps
entailment and contradiction.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from xstilts.microworld.concepts import (
    DAYS,
    KIND_OF,
    LOCATIONS,
    PAIRED_OF,
    VERBS,
    VERBS_OF,
    Frame,
    excluded_by,
    qualities_of,
    siblings,
)
from xstilts.microworld.draws import pick, several
from xstilts.microworld.facts import (
    Bucket,
    Fact,
    Phrase,
    bucket_of,
    draw_fact,
    embellished,
    qualified,
    with_slot,
)
from xstilts.microworld.grammar import Clause

Label = Literal["entailment", "contradiction", "neutral"]
LABELS: tuple[Label, ...] = ("contradiction", "entailment", "neutral")
_FLIPPED: dict[Label, Label] = {
    "entailment": "contradiction",
    "contradiction": "entailment",
    "neutral": "neutral",
}
Participant = Literal["agent", "patient"]
_PARTICIPANTS: tuple[Participant, ...] = ("agent", "patient")
Circumstance = Literal["location", "time"]
_CIRCUMSTANCES: tuple[Circumstance, ...] = ("location", "time")
_TRANSITIVE: tuple[Frame, ...] = ("thing", "thing", "social", "hunt")
_BETWEEN_BEINGS: tuple[Frame, ...] = ("social", "hunt")
# hunt has only one pair of opposites, so no third act that could be neutral
_FRAMES_OF_PAIRS: tuple[Frame, ...] = ("thing", "thing", "social", "act")
_COUNTERPART: dict[Participant, Participant] = {"agent": "patient", "patient": "agent"}


class Premise(NamedTuple):
    """One event of a premise, or its denial."""

    fact: Fact
    negated: bool = False


class Case(NamedTuple):
    """One hypothesis, and a premise for each relation to it."""

    hypothesis: Fact
    premises: Mapping[Label, Premise]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difficulty:
    """Difficulty of the pairs."""

    channels: tuple[str, ...]
    negated: float
    """Share of negated hypotheses."""
    lifted: float
    """Share of hypotheses with a general instead of a specific noun, where the channel allows."""
    passive: float
    """Share of passive sentences, on either side."""
    second: float
    """Share of premises that report a second, irrelevant event."""


_PLAIN = ("location", "time", "verb")
_ABOUT_DETAILS = ("denied", "location", "time")
"""Channels that decide themselves which location and day are mentioned."""
_DENYING = ("denied", "polarity")
"""Channels with some negated premises."""
DIFFICULTIES: dict[str, Difficulty] = {
    "easy": Difficulty(channels=("denied",), negated=0.0, lifted=0.0, passive=0.0, second=0.0),
    "medium": Difficulty(
        channels=(*_PLAIN, "noun", "quality"), negated=0.25, lifted=0.2, passive=0.1, second=0.1
    ),
    "hard": Difficulty(
        channels=(*_PLAIN, "noun", "quality", "role", "polarity"),
        negated=0.5,
        lifted=0.5,
        passive=0.4,
        second=0.5,
    ),
}


def _case(hypothesis: Fact, entailing: Fact, contradicting: Fact, neutral: Fact) -> Case:
    """A case of three positive premises."""
    return Case(
        hypothesis,
        {
            "entailment": Premise(entailing),
            "contradiction": Premise(contradicting),
            "neutral": Premise(neutral),
        },
    )


def _circumstance(rng: random.Random, at_issue: Circumstance) -> Case:
    """The location or day is the same, another, or not mentioned (but its counterpart is)."""
    fact = draw_fact(rng)
    location, other_location = several(rng, LOCATIONS, 2)
    day, other_day = several(rng, DAYS, 2)
    if at_issue == "location":
        same = fact._replace(location=location)
        return _case(same, same, fact._replace(location=other_location), fact._replace(time=day))
    same = fact._replace(time=day)
    return _case(same, same, fact._replace(time=other_day), fact._replace(location=location))


def _denied(rng: random.Random) -> Case:
    """The premise asserts the hypothesis, denies it, or omits the location (or the day)."""
    case = _circumstance(rng, pick(rng, _CIRCUMSTANCES))
    stated, omitted = case.premises["entailment"].fact, case.premises["neutral"].fact
    return Case(
        case.hypothesis,
        {
            "entailment": Premise(stated),
            "contradiction": Premise(stated, negated=True),
            "neutral": Premise(omitted, negated=rng.random() < 0.5),
        },
    )


def _location(rng: random.Random) -> Case:
    """The location is at issue."""
    return _circumstance(rng, "location")


def _time(rng: random.Random) -> Case:
    """The day is at issue."""
    return _circumstance(rng, "time")


def _verb(rng: random.Random) -> Case:
    """The act is the same, its opposite, or another."""
    frame = pick(rng, _FRAMES_OF_PAIRS)
    verb = pick(rng, PAIRED_OF[frame])
    opposite = VERBS[verb].opposite
    assert opposite is not None
    others = [name for name in PAIRED_OF[frame] if name not in (verb, opposite)]
    fact = draw_fact(rng, frame, verb)
    return _case(fact, fact, fact._replace(verb=opposite), fact._replace(verb=pick(rng, others)))


def general(phrase: Phrase) -> Phrase:
    """A mention by kind only: "a person" for the tall farmer."""
    return Phrase(KIND_OF[phrase.noun], definite=False)


def _noun(rng: random.Random) -> Case:
    """A participant is the same, another of its kind, or mentioned by kind only.

    One participant of each premise is mentioned by kind, for every label.
    """
    fact = draw_fact(rng, pick(rng, _TRANSITIVE))
    slot: Participant = pick(rng, _PARTICIPANTS)
    contrast = _COUNTERPART[slot]
    phrase = getattr(fact, slot)
    same = with_slot(fact, contrast, general(getattr(fact, contrast)))
    other = phrase._replace(noun=pick(rng, siblings(phrase.noun)))
    less_specific = with_slot(fact, slot, general(phrase))
    return _case(same, same, with_slot(same, slot, other), less_specific)


def _quality(rng: random.Random) -> Case:
    """An adjective is the same, one that it excludes, or omitted (the counterpart has one)."""
    while True:
        fact = draw_fact(rng, pick(rng, _TRANSITIVE))
        assert fact.patient is not None
        if qualities_of(fact.agent.noun) and qualities_of(fact.patient.noun):
            break
    slot: Participant = pick(rng, _PARTICIPANTS)
    contrast = _COUNTERPART[slot]
    phrase = qualified(rng, getattr(fact, slot)._replace(definite=True))
    excluded = pick(rng, excluded_by(phrase.noun, phrase.adjective or ""))
    same = with_slot(fact, slot, phrase)
    return _case(
        same,
        same,
        with_slot(fact, slot, phrase._replace(adjective=excluded)),
        with_slot(fact, contrast, qualified(rng, getattr(fact, contrast))),
    )


def two_beings(rng: random.Random) -> tuple[Fact, Fact]:
    """An act between two persons or two animals, and the reverse."""
    while True:
        fact = draw_fact(rng, pick(rng, _BETWEEN_BEINGS))
        agent, patient = fact.agent, fact.patient
        if patient is not None and KIND_OF[agent.noun] == KIND_OF[patient.noun]:
            return fact, fact._replace(agent=patient, patient=agent)


def _role(rng: random.Random) -> Case:
    """Agent and patient are the same, or exchanged, or the act is another (in either direction)."""
    fact, reverse = two_beings(rng)
    neutral = pick(rng, (fact, reverse))._replace(verb=_unrelated(rng, fact.verb))
    return _case(fact, fact, reverse, neutral)


def _unrelated(rng: random.Random, verb: str) -> str:
    """Another act with the same kinds of participants, but not the opposite."""
    excluded = (verb, VERBS[verb].opposite)
    return pick(rng, [name for name in VERBS_OF[VERBS[verb].frame] if name not in excluded])


def _polarity(rng: random.Random) -> Case:
    """The premise says that it happened, that it did not, or is about another act."""
    fact = draw_fact(rng)
    other = fact._replace(verb=_unrelated(rng, fact.verb))
    return Case(
        fact,
        {
            "entailment": Premise(fact),
            "contradiction": Premise(fact, negated=True),
            "neutral": Premise(other, negated=rng.random() < 0.5),
        },
    )


_CHANNELS: dict[str, Callable[[random.Random], Case]] = {
    "denied": _denied,
    "location": _location,
    "time": _time,
    "verb": _verb,
    "noun": _noun,
    "quality": _quality,
    "role": _role,
    "polarity": _polarity,
}


def _with_details(rng: random.Random, said: Fact, premise: Fact) -> tuple[Fact, Fact]:
    """Hypothesis and premise with a location and a day in the premise, some kept in both."""
    location = pick(rng, LOCATIONS) if rng.random() < 0.4 else None
    time = pick(rng, DAYS) if rng.random() < 0.3 else None
    premise = premise._replace(location=location, time=time)
    kept_location = location if rng.random() < 0.4 else None
    kept_time = time if rng.random() < 0.4 else None
    return said._replace(location=kept_location, time=kept_time), premise


def _lifted(rng: random.Random, fact: Fact) -> Fact:
    """The fact with one participant mentioned by kind."""
    if fact.patient is not None and rng.random() < 0.5:
        return fact._replace(patient=general(fact.patient))
    return fact._replace(agent=general(fact.agent))


def _irrelevant(rng: random.Random, seed: int, bucket: Bucket, premise: Fact, said: Fact) -> Fact:
    """An event of another agent, with neither the act of the hypothesis nor its opposite."""
    while True:
        fact = embellished(rng, draw_fact(rng))
        related = {said.verb, VERBS[said.verb].opposite, premise.verb}
        nouns = {premise.agent.noun, said.agent.noun}
        if fact.verb in related or fact.agent.noun in nouns or bucket_of(seed, fact) != bucket:
            continue
        return fact


def draw_pair(
    rng: random.Random, seed: int, bucket: Bucket, label: Label, difficulty: Difficulty
) -> tuple[tuple[Clause, ...], Clause]:
    """Draw a premise of one or two clauses, and a hypothesis with the label's relation to it."""
    while True:
        channel = pick(rng, difficulty.channels)
        case = _CHANNELS[channel](rng)
        # at even odds a negation in the premise alone gives no hint
        share = 0.5 if channel in _DENYING else difficulty.negated
        negated = rng.random() < share
        relation = _FLIPPED[label] if negated else label
        if bucket_of(seed, case.premises[relation].fact) == bucket:
            break
    said, (fact, denied) = case.hypothesis, case.premises[relation]
    if channel not in _ABOUT_DETAILS:
        said, fact = _with_details(rng, said, fact)
    # a lifted noun would undo the channels that are about nouns
    if channel in _PLAIN and rng.random() < difficulty.lifted:
        said = _lifted(rng, said)
    premise = [Clause(fact, negated=denied, passive=rng.random() < difficulty.passive)]
    if rng.random() < difficulty.second:
        other = Clause(_irrelevant(rng, seed, bucket, fact, said))
        premise.insert(pick(rng, (0, 1)), other)
    return tuple(premise), Clause(said, negated, passive=rng.random() < difficulty.passive)
