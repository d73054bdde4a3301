"""The concepts of the microworld: things, locations, acts and qualities, and their relations.

A concept is named by its mini-English word, so ``"apple"`` means the apple of every language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Frame = Literal["thing", "social", "hunt", "gift", "act"]
"""The participants of an act: person-thing, person-person, being-animal, person-thing-person, one
being."""

_MEMBERS: dict[str, str] = {
    # every plural is the word with an s, and no two kinds share a word
    "person": "farmer doctor teacher baker king queen singer driver nurse hunter",
    "animal": "dog cat horse cow duck lion",
    "fruit": "apple pear lemon melon",
    "tool": "hammer saw needle ladder",
    "garment": "hat coat shirt glove",
    "toy": "ball doll kite drum",
}
KINDS: dict[str, tuple[str, ...]] = {kind: tuple(w.split()) for kind, w in _MEMBERS.items()}
"""The nouns of each kind, by the general noun that names it."""

KIND_OF: dict[str, str] = {noun: kind for kind, members in KINDS.items() for noun in members}
NAMES = tuple("mary john anna peter lucy paul clara oscar".split())
"""Names of persons; a person with a name may have any of the trades."""
KIND_OF |= dict.fromkeys(NAMES, "person")

THINGS = tuple(noun for kind in ("fruit", "tool", "garment", "toy") for noun in KINDS[kind])
LOCATIONS = tuple("garden kitchen school market forest church castle harbour".split())
DAYS = tuple("monday tuesday wednesday thursday friday saturday sunday".split())
NUMBERS = ("two", "three", "four")
MANNERS = ("quickly", "slowly")

QUALITIES: dict[str, tuple[tuple[str, ...], ...]] = {
    # at most one of a group is true of a thing
    "person": (("tall", "short"), ("happy", "sad"), ("rich", "poor")),
    "animal": (("big", "small"), ("black", "white"), ("happy", "sad")),
    "thing": (
        ("big", "small"),
        ("old", "new"),
        ("red", "green", "blue", "black", "white"),
    ),
}
QUALITY_WORDS = tuple(
    dict.fromkeys(word for groups in QUALITIES.values() for group in groups for word in group)
)


@dataclass(frozen=True, slots=True)
class Verb:
    """An act: its mini-English forms and who takes part."""

    base: str
    past: str
    participle: str
    frame: Frame
    opposite: str | None = None
    """The act that excludes this one."""


def _verbs() -> dict[str, Verb]:
    """All acts by base form. Each line is base, past and participle, or two opposites of these."""
    lines: dict[Frame, str] = {
        "thing": """buy bought bought/sell sold sold
            find found found/lose lost lost
            carry carried carried/drop dropped dropped
            break broke broken/repair repaired repaired""",
        "social": """push pushed pushed/pull pulled pulled
            praise praised praised/blame blamed blamed
            thank thanked thanked/insult insulted insulted
            help helped helped
            greet greeted greeted""",
        "hunt": """catch caught caught/free freed freed
            chase chased chased
            follow followed followed""",
        "gift": """give gave given
            send sent sent
            show showed shown""",
        "act": """work worked worked/rest rested rested
            laugh laughed laughed/cry cried cried
            sing sang sung
            dance danced danced
            sleep slept slept
            wait waited waited""",
    }
    verbs = {}
    for frame, block in lines.items():
        for line in block.splitlines():
            forms = [part.split() for part in line.split("/")]
            for own, other in zip(forms, reversed(forms), strict=True):
                opposite = other[0] if len(forms) == 2 else None
                verbs[own[0]] = Verb(own[0], own[1], own[2], frame, opposite)
    return verbs


VERBS: dict[str, Verb] = _verbs()
VERBS_OF: dict[Frame, tuple[str, ...]] = {
    frame: tuple(name for name, verb in VERBS.items() if verb.frame == frame)
    for frame in ("thing", "social", "hunt", "gift", "act")
}
PAIRED_OF: dict[Frame, tuple[str, ...]] = {
    frame: tuple(name for name in names if VERBS[name].opposite)
    for frame, names in VERBS_OF.items()
}
"""Acts that have an opposite, by frame (none for ``gift``)."""


def qualities_of(noun: str) -> tuple[tuple[str, ...], ...]:
    """The groups of qualities a noun can have; a name and a general noun have none."""
    if noun in NAMES or noun in KINDS:
        return ()
    kind = KIND_OF[noun]
    return QUALITIES.get(kind, QUALITIES["thing"])


def excluded_by(noun: str, quality: str) -> tuple[str, ...]:
    """The qualities that a noun cannot have together with this one."""
    for group in qualities_of(noun):
        if quality in group:
            return tuple(other for other in group if other != quality)
    return ()


def siblings(noun: str) -> tuple[str, ...]:
    """The other nouns of the same kind, which cannot refer to the same being.

    Names and trades are not mixed: mary may be the doctor, but she is not john.
    """
    pool = NAMES if noun in NAMES else KINDS[KIND_OF[noun]]
    return tuple(other for other in pool if other != noun)
