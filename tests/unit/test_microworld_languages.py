"""Languages with the properties they claim."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

import pytest
from microworld_samples import WORLD

from xstilts.microworld import World, properties
from xstilts.microworld.facts import draw_fact
from xstilts.microworld.grammar import Clause, sentence, text_of
from xstilts.microworld.lexicon import ENGLISH_FUNCTION_WORDS, SHAREABLE, Lexicon, lexicon
from xstilts.microworld.scripts import ALPHABETS


def test_mini_english_reads_naturally() -> None:
    words = lexicon(0, WORLD.languages[0])
    rng = random.Random("readable")
    fact = draw_fact(rng, "gift", "give")._replace(location="garden", time="monday")
    agent = fact.agent._replace(noun="farmer", adjective="tall")
    apple = fact.agent._replace(noun="apple", definite=False)
    fact = fact._replace(agent=agent, patient=apple, recipient=fact.agent._replace(noun="mary"))

    def put(**form: Any) -> str:
        return text_of(sentence(words, (Clause(fact, **form),)))

    assert put() == "the tall farmer gave an apple to mary in the garden on monday ."
    assert put(negated=True, passive=True) == (
        "an apple was never given to mary by the tall farmer in the garden on monday ."
    )
    assert put(negated=True).startswith("the tall farmer never gave an apple to mary")
    assert put(ask="agent") == "who gave an apple to mary in the garden on monday ?"
    assert put(ask="patient").startswith("what did the tall farmer give to mary in")
    assert put(ask="recipient").startswith("to whom did the tall farmer give an apple in")
    assert put(ask="location").startswith("where did the tall farmer give an apple to mary on")
    assert put(ask="time").endswith("give an apple to mary in the garden ?")


def test_languages_have_the_properties_they_claim() -> None:
    rng = random.Random("typology")
    fact = draw_fact(rng, "thing", "find")._replace(location="garden")
    fact = fact._replace(
        agent=fact.agent._replace(noun="farmer"),
        patient=fact.agent._replace(noun="apple", adjective="red"),
    )
    for language in World(0, 60).languages:
        tokens = sentence(lexicon(0, language), (Clause(fact),))
        at = {token.slot: i for i, token in enumerate(tokens) if token.tag == "NOUN"}
        verb = next(i for i, token in enumerate(tokens) if token.tag == "VERB")
        by_letter = {"S": at["agent"], "O": at["patient"], "V": verb}
        assert "".join(sorted(by_letter, key=by_letter.__getitem__)) == language.order
        adposition = next(i for i, token in enumerate(tokens) if token.tag == "ADP")
        assert (adposition < at["location"]) == (language.adposition == "pre")
        adjective = next(i for i, token in enumerate(tokens) if token.tag == "ADJ")
        assert (adjective < at["patient"]) == (language.adjective == "pre")
        assert any(token.tag == "DET" for token in tokens) == language.articles
        forms = lexicon(0, language).nouns
        marked = forms["apple", False, "object"] != forms["apple", False, "subject"]
        assert marked == language.case_suffixes


def _as_text(words: Lexicon, concept: str) -> str:
    """The most frequent form of a word in mini-English, or its counterpart in another language."""
    if concept in words.verbs:
        return words.verbs[concept][1]
    if concept in ENGLISH_FUNCTION_WORDS:
        return words.function[concept]
    found = {**words.nouns, **words.adjectives}.get((concept, False, "subject"))
    return found or words.adverbs[concept]


def test_all_languages_differ_and_share_words_as_declared() -> None:
    english = lexicon(0, WORLD.languages[0])
    texts = set()
    for language in World(0, 120).languages[1:]:
        words = lexicon(0, language)
        text = text_of(sentence(words, (Clause(draw_fact(random.Random("x"), "gift")),)))
        texts.add(text)
        if language.script == "latin":
            same = sum(_as_text(words, word) == _as_text(english, word) for word in SHAREABLE)
            assert same == round(language.overlap * len(SHAREABLE))
    assert len(texts) == 119
    assert len(properties(World(0, 120))) == 120
    assert properties(WORLD)[0]["name"] == "Mini-English"


@pytest.mark.parametrize("code", [lang.code for lang in World(3, 40).languages])
def test_no_two_words_of_a_language_have_the_same_form(code: str) -> None:
    words = lexicon(3, World(3, 40).language(code))
    entries: list[tuple[str, str]] = [(k, v) for k, v in words.function.items() if k != "eh"]
    entries += [(f"noun {k[0]}", v) for k, v in words.nouns.items()]
    entries += [(f"adjective {k[0]}", v) for k, v in words.adjectives.items()]
    entries += [(f"verb {k}", form) for k, forms in words.verbs.items() for form in forms]
    entries += list(words.adverbs.items())
    owners: dict[str, set[str]] = {}
    for owner, form in entries:
        owners.setdefault(form, set()).add(owner)
    assert {form: o for form, o in owners.items() if len(o) > 1} == {}


@pytest.mark.parametrize("script", ALPHABETS)
def test_letters_survive_normalisation(script: str) -> None:
    letters = ALPHABETS[script]
    assert len(set(letters)) == len(letters) == 26
    for letter in letters:
        assert unicodedata.category(letter) in ("Ll", "Lo")
        assert unicodedata.normalize("NFKD", letter) == letter == letter.lower()
