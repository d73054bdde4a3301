"""The words of a language: shared with mini-English or invented, inflected, and spelled."""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from xstilts.microworld.concepts import (
    DAYS,
    KIND_OF,
    KINDS,
    LOCATIONS,
    MANNERS,
    NAMES,
    NUMBERS,
    QUALITY_WORDS,
    VERBS,
)
from xstilts.microworld.draws import pick, several
from xstilts.microworld.languages import SOURCE, Language
from xstilts.microworld.scripts import transliterate

Case = Literal["subject", "object", "oblique"]
VerbForms = tuple[str, str, str]
"""Base, past and participle: three words in mini-English, one elsewhere."""

NOUNS = (*(noun for noun in KIND_OF if noun not in NAMES), *KINDS, *LOCATIONS, *DAYS)
CONTENT = (*NOUNS, *QUALITY_WORDS, *VERBS, *MANNERS)
"""Concepts with words of their own, except names."""

QUESTION_WORDS = ("who", "whom", "what")
"""Pronouns that take the endings of nouns."""

ENGLISH_FUNCTION_WORDS: dict[str, str] = {
    "the": "the",
    "a": "a",
    "a before vowel": "an",
    "never": "never",
    "did": "did",
    "was": "was",
    "is": "is",
    "and": "and",
    "but": "but",
    "so": "so",
    "to": "to",
    "by": "by",
    "in": "in",
    "on": "on",
    "where": "where",
    "when": "when",
    "question": "eh",
    **{number: number for number in NUMBERS},
}
MINI_ENGLISH_ALONE = ("a before vowel", "did", "question")
"""Function words that only mini-English has, or only the other languages."""
SHAREABLE = (
    *CONTENT,
    *QUESTION_WORDS,
    *(word for word in ENGLISH_FUNCTION_WORDS if word not in MINI_ENGLISH_ALONE),
)
"""Concepts whose words may be shared with mini-English. All languages share names."""


@dataclass(slots=True)
class Lexicon:
    """All word forms of one language, in its script."""

    language: Language
    nouns: dict[tuple[str, bool, Case], str] = field(default_factory=dict)
    """By (concept, name or question word; plural; case)."""
    adjectives: dict[tuple[str, bool, Case], str] = field(default_factory=dict)
    """By (concept; plural and case of the noun)."""
    verbs: dict[str, VerbForms] = field(default_factory=dict)
    adverbs: dict[str, str] = field(default_factory=dict)
    function: dict[str, str] = field(default_factory=dict)


class _Speller:
    """Invents words by the phonology of one language, each word form once."""

    def __init__(self, seed: int, language: Language) -> None:
        self.rng = random.Random(f"{seed}/lexicon/{language.code}")
        consonants = "bdfghjklmnprstvwz"
        self.consonants = several(self.rng, consonants, 11)
        self.vowels = several(self.rng, "aeiou", pick(self.rng, (3, 4, 5)))
        self.codas = ["", "", *several(self.rng, self.consonants, pick(self.rng, (0, 1, 2)))]
        # mini-English words are excluded: a homonym with another meaning would be a false friend
        self.used = {*CONTENT, *NAMES, *QUESTION_WORDS, *ENGLISH_FUNCTION_WORDS.values()}
        self.used |= {form for verb in VERBS.values() for form in (verb.past, verb.participle)}

    def syllable(self) -> str:
        """One open syllable, or closed where the language has codas."""
        rng = self.rng
        return pick(rng, self.consonants) + pick(rng, self.vowels) + pick(rng, self.codas)

    def word(self, syllables: tuple[int, ...], endings: tuple[str, ...] = ("",)) -> str:
        """Invent a stem none of whose inflected forms is used, and mark them as used."""
        tries = 0
        while True:
            tries += 1
            # a small inventory runs out of short words: lengthen rather than search forever
            length = pick(self.rng, syllables) + tries // 50
            stem = "".join(self.syllable() for _ in range(length))
            forms = {stem + ending for ending in endings}
            if not forms & self.used:
                self.used |= forms
                return stem


def _shared(seed: int, language: Language) -> set[str]:
    """The concepts that share their mini-English word: exactly the language's ``overlap``."""
    order = sorted(SHAREABLE, key=lambda c: sha256(f"{seed}/{language.code}/{c}".encode()).digest())
    return set(order[: round(language.overlap * len(order))])


def _endings(speller: _Speller, language: Language) -> dict[tuple[bool, Case], str]:
    """The ending of each (plural, case), empty where the language does not mark it."""
    plural = speller.word((1,)) if language.plural_suffix else ""
    cases: dict[Case, str] = {"subject": "", "object": "", "oblique": ""}
    if language.case_suffixes:
        cases["object"] = speller.word((1,))
        cases["oblique"] = speller.word((1,))
    return {
        (many, case): (plural if many else "") + ending
        for many in (False, True)
        for case, ending in cases.items()
    }


def _source(language: Language) -> Lexicon:
    """Mini-English itself."""
    words = Lexicon(language)
    cases: tuple[Case, ...] = ("subject", "object", "oblique")
    for case in cases:
        for noun in (*NOUNS, *NAMES, *QUESTION_WORDS):
            words.nouns[noun, False, case] = noun
            words.nouns[noun, True, case] = f"{noun}s"
        for quality in QUALITY_WORDS:
            words.adjectives[quality, False, case] = words.adjectives[quality, True, case] = quality
    words.verbs = {name: (verb.base, verb.past, verb.participle) for name, verb in VERBS.items()}
    words.adverbs = {manner: manner for manner in MANNERS}
    words.function = dict(ENGLISH_FUNCTION_WORDS)
    return words


@functools.lru_cache(maxsize=1024)
def lexicon(seed: int, language: Language) -> Lexicon:
    """All word forms of a language; the same on every machine."""
    if language.code == SOURCE:
        return _source(language)
    speller = _Speller(seed, language)
    shared = _shared(seed, language)
    endings = _endings(speller, language)
    all_endings = tuple(sorted(set(endings.values())))
    plain = dict.fromkeys(endings, "")
    words = Lexicon(language)

    def spell(word: str) -> str:
        return transliterate(word, language.script)

    def cognate(concept: str) -> str | None:
        """The most frequent mini-English form of a shared word (for a verb, its past)."""
        if concept not in shared:
            return None
        return VERBS[concept].past if concept in VERBS else concept

    def stem(concept: str, inflected: bool) -> str:
        return cognate(concept) or speller.word((2, 2, 3), all_endings if inflected else ("",))

    for word in ENGLISH_FUNCTION_WORDS:
        # always drawn, so that the other words do not depend on which of these are shared
        invented = speller.word((1,) if word not in NUMBERS else (2,))
        words.function[word] = spell(cognate(word) or invented)
    for noun in (*NOUNS, *NAMES, *QUESTION_WORDS):
        if noun in NAMES:
            base = noun
        elif noun in QUESTION_WORDS:
            base = cognate(noun) or speller.word((1,), all_endings)
        else:
            base = stem(noun, True)
        for (many, case), ending in endings.items():
            words.nouns[noun, many, case] = spell(base + ending)
    for quality in QUALITY_WORDS:
        base = stem(quality, True)
        for (many, case), ending in (endings if language.agreement else plain).items():
            words.adjectives[quality, many, case] = spell(base + ending)
    for name in VERBS:
        words.verbs[name] = (spell(stem(name, False)),) * 3
    for manner in MANNERS:
        words.adverbs[manner] = spell(stem(manner, False))
    return words
