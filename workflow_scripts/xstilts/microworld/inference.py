"""Premises and hypotheses whose label follows from the rules of the world.

The rules: a premise reports one event. A hypothesis with the same act speaks of that event, so
another place, day, participant or quality contradicts it. Opposite acts exclude each other. Of any
other act nothing is known. What is not said is not known either. Names and trades are compatible.

No label can be guessed from one side alone. Each *channel* below makes one hypothesis and three
premises, of which the label picks one: the hypothesis is drawn before and without the label. The
premises in turn have the same build: where the neutral one must lack the detail at issue, the two
others lack its twin (a day for a place, the other participant's adjective). Negating the hypothesis
swaps entailment and contradiction.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from xstilts.microworld.concepts import (
    DAYS,
    KIND_OF,
    PAIRED_OF,
    PRUNED_ID,
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
Circumstance = Literal["place", "time"]
_CIRCUMSTANCES: tuple[Circumstance, ...] = ("place", "time")
_TRANSITIVE: tuple[Frame, ...] = ("thing", "thing", "social", "hunt")
_BETWEEN_BEINGS: tuple[Frame, ...] = ("social", "hunt")
# hunt has one pair of opposites only, so no third act that could be neutral
_FRAMES_OF_PAIRS: tuple[Frame, ...] = ("thing", "thing", "social", "act")
_TWIN: dict[Participant, Participant] = {"agent": "patient", "patient": "agent"}


class Premise(NamedTuple):
    """One event of a premise, or its denial."""

    fact: Fact
    negated: bool = False


class Case(NamedTuple):
    """One hypothesis and the premise that gives it each relation."""

    hypothesis: Fact
    premises: Mapping[Label, Premise]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difficulty:
    """What a pair may take to judge."""

    channels: tuple[str, ...]
    negated: float
    """Share of negated hypotheses."""
    lifted: float
    """Share of hypotheses with a general noun for a special one, where the channel allows it."""
    passive: float
    """Share of passive sentences, on either side."""
    second: float
    """Share of premises that report a second, irrelevant event."""


_PLAIN = ("place", "time", "verb")
_ABOUT_DETAILS = ("denied", "place", "time")
"""Channels that decide themselves which place and day are said."""
_DENYING = ("denied", "polarity")
"""Channels of which some premises are negated."""
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
    """The place or day is the same, another, or unsaid (the twin is said instead)."""
    fact = draw_fact(rng)
    place, other_place = several(rng, PRUNED_ID, 2)
    day, other_day = several(rng, DAYS, 2)
    if at_issue == "place":
        same = fact._replace(place=place)
        return _case(same, same, fact._replace(place=other_place), fact._replace(time=day))
    same = fact._replace(time=day)
    return _case(same, same, fact._replace(time=other_day), fact._replace(place=place))


def _denied(rng: random.Random) -> Case:
    """The premise says it, denies it, or leaves the place (or the day) unsaid."""
    case = _circumstance(rng, pick(rng, _CIRCUMSTANCES))
    said, unsaid = case.premises["entailment"].fact, case.premises["neutral"].fact
    return Case(
        case.hypothesis,
        {
            "entailment": Premise(said),
            "contradiction": Premise(said, negated=True),
            "neutral": Premise(unsaid, negated=rng.random() < 0.5),
        },
    )


def _place(rng: random.Random) -> Case:
    """The place is at issue."""
    return _circumstance(rng, "place")


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
    """A mention by kind alone: "a person" for the tall farmer."""
    return Phrase(KIND_OF[phrase.noun], definite=False)


def _noun(rng: random.Random) -> Case:
    """A participant is the same, another of its kind, or known by kind only.

    One participant of each premise is mentioned by kind, whatever the label.
    """
    fact = draw_fact(rng, pick(rng, _TRANSITIVE))
    slot: Participant = pick(rng, _PARTICIPANTS)
    contrast = _TWIN[slot]
    phrase = getattr(fact, slot)
    same = with_slot(fact, contrast, general(getattr(fact, contrast)))
    other = phrase._replace(noun=pick(rng, siblings(phrase.noun)))
    unsaid = with_slot(fact, slot, general(phrase))
    return _case(same, same, with_slot(same, slot, other), unsaid)


def _quality(rng: random.Random) -> Case:
    """An adjective is the same, one that it excludes, or unsaid (the twin has one instead)."""
    while True:
        fact = draw_fact(rng, pick(rng, _TRANSITIVE))
        assert fact.patient is not None
        if qualities_of(fact.agent.noun) and qualities_of(fact.patient.noun):
            break
    slot: Participant = pick(rng, _PARTICIPANTS)
    contrast = _TWIN[slot]
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
    """Who did it to whom: the same, the reverse, or another act in either direction."""
    fact, reverse = two_beings(rng)
    neutral = pick(rng, (fact, reverse))._replace(verb=_unrelated(rng, fact.verb))
    return _case(fact, fact, reverse, neutral)


def _unrelated(rng: random.Random, verb: str) -> str:
    """Another act with the same kinds of participants, but not the opposite."""
    excluded = (verb, VERBS[verb].opposite)
    return pick(rng, [name for name in VERBS_OF[VERBS[verb].frame] if name not in excluded])


def _polarity(rng: random.Random) -> Case:
    """The premise says that it happened, or that it did not, or speaks of another act."""
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
    "place": _place,
    "time": _time,
    "verb": _verb,
    "noun": _noun,
    "quality": _quality,
    "role": _role,
    "polarity": _polarity,
}


def _with_details(rng: random.Random, said: Fact, premise: Fact) -> tuple[Fact, Fact]:
    """Hypothesis and premise with a place and a day in the premise, some kept in both."""
    place = pick(rng, PRUNED_ID) if rng.random() < 0.4 else None
    time = pick(rng, DAYS) if rng.random() < 0.3 else None
    premise = premise._replace(place=place, time=time)
    kept_index = place if rng.random() < 0.4 else None
    kept_time = time if rng.random() < 0.4 else None
    return said._replace(place=kept_index, time=kept_time), premise


def _lifted(rng: random.Random, fact: Fact) -> Fact:
    """The fact with one participant mentioned by kind."""
    if fact.patient is not None and rng.random() < 0.5:
        return fact._replace(patient=general(fact.patient))
    return fact._replace(agent=general(fact.agent))


def _irrelevant(rng: random.Random, seed: int, bucket: Bucket, premise: Fact, said: Fact) -> Fact:
    """An event of someone else, of which neither act nor opposite is in the hypothesis."""
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
    """A premise of one or two clauses, and a hypothesis that stands to it as the label says."""
    while True:
        channel = pick(rng, difficulty.channels)
        case = _CHANNELS[channel](rng)
        # at even odds a negation in the premise tells nothing by itself
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
