"""The languages of the family and their properties, set by hand or drawn from the seed."""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass
from typing import Literal

from xstilts.errors import UserError
from xstilts.microworld.draws import pick
from xstilts.microworld.scripts import ALPHABETS

Order = Literal["SVO", "SOV", "VSO", "VOS"]
Side = Literal["pre", "post"]

SOURCE = "qaa"
"""Mini-English, the language of training."""
MAX_LANGUAGES = 520
"""The number of codes from qaa to qtz, which ISO 639-2 reserves for local use."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Language:
    """One invented language, by the properties that make transfer to it easy or hard."""

    code: str
    name: str
    order: Order
    """Order of subject, verb and object; it determines that of the other parts."""
    adposition: Side
    """"in the garden" or "the garden in"."""
    adjective: Side
    """"red apple" or "apple red"."""
    negation: Side
    """Position of the negation: before or after the verb."""
    script: str
    overlap: float
    """Share of words, function words included, that are shared with the source language."""
    articles: bool
    case_suffixes: bool
    """True if objects and nouns with an adposition carry an ending."""
    agreement: bool
    """True if adjectives carry the endings of their noun."""
    plural_suffix: bool
    """True if a noun after a numeral carries an ending."""
    question_first: bool
    """True if the question word comes first; else it keeps its position, and a particle ends the
    question."""
    resource: float
    """Amount of pretraining text, relative to the source language (0 to 1)."""


def _language(code: str, name: str, traits: str, overlap: float, resource: float) -> Language:
    """Build a language from a line of traits.

    ``order adposition adjective negation script`` and any of ``articles case agreement plural
    front``.
    """
    order, adposition, adjective, negation, script, *flags = traits.split()
    unknown = set(flags) - {"articles", "case", "agreement", "plural", "front"}
    assert not unknown, unknown
    return Language(
        code=code,
        name=name,
        order=order,  # type: ignore[arg-type]
        adposition=adposition,  # type: ignore[arg-type]
        adjective=adjective,  # type: ignore[arg-type]
        negation=negation,  # type: ignore[arg-type]
        script=script,
        overlap=overlap,
        articles="articles" in flags,
        case_suffixes="case" in flags,
        agreement="agreement" in flags,
        plural_suffix="plural" in flags,
        question_first="front" in flags,
        resource=resource,
    )


# From a close relative to a distant one: order, script, overlap and resource vary so that their
# effects can be separated.
_BY_HAND = (
    _language("qaa", "Mini-English", "SVO pre pre pre latin articles plural front", 1.0, 1.0),
    _language("qab", "Borealish", "SVO pre post pre latin articles plural front", 0.8, 0.8),
    _language("qac", "Severian", "SVO pre pre pre cyrillic case agreement plural front", 0.3, 0.6),
    _language("qad", "Anatoli", "SOV post pre post latin case plural", 0.6, 0.5),
    _language("qae", "Thalassic", "VSO pre post pre latin articles plural front", 0.5, 0.4),
    _language("qaf", "Gangari", "SOV post pre pre devanagari case agreement", 0.0, 0.3),
    _language("qag", "Insular", "VOS pre post pre latin articles", 0.7, 0.15),
    _language("qah", "Highlandic", "SVO post post post armenian articles agreement", 0.0, 0.1),
)


def _code(index: int) -> str:
    """The code of the language at a position: qaa, qab, ... qtz."""
    return f"q{chr(ord('a') + index // 26)}{chr(ord('a') + index % 26)}"


def _drawn(seed: int, index: int) -> Language:
    """Draw a further language; its traits depend on the seed and its code alone."""
    code = _code(index)
    rng = random.Random(f"{seed}/language/{code}")
    order = pick(rng, ("SVO", "SVO", "SOV", "SOV", "VSO", "VOS"))
    # verb-final languages mostly have postpositions and adjectives first, as in the real world
    typical = rng.random() < 0.8
    adposition = "post" if (order == "SOV") == typical else "pre"
    sides = [pick(rng, ("pre", "post")) for _ in range(2)]
    script = pick(rng, sorted(ALPHABETS))
    flags = [
        flag for flag in ("articles", "case", "agreement", "plural", "front") if rng.random() < 0.5
    ]
    traits = " ".join([order, adposition, *sides, script, *flags])
    overlap = round(max(0.0, 0.7 * rng.random() - 0.2), 2)
    return _language(code, f"Drawn-{code}", traits, overlap, round(0.02 + 0.58 * rng.random(), 2))


@functools.lru_cache(maxsize=64)
def languages(seed: int, count: int) -> tuple[Language, ...]:
    """The first ``count`` languages of a family; the first is mini-English.

    Raises:
        UserError: fewer than one, or more than the available codes.
    """
    if not 1 <= count <= MAX_LANGUAGES:
        raise UserError(
            f"microworld num_languages: {count} is out of range. "
            f"Give a number from 1 to {MAX_LANGUAGES} (the codes qaa to qtz)."
        )
    by_hand = _BY_HAND[:count]
    return by_hand + tuple(_drawn(seed, index) for index in range(len(by_hand), count))
