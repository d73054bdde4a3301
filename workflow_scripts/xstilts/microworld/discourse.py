"""Running text: lines of one to three sentences in which every word and construction occurs."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from xstilts.microworld.causes import CYCLE_OF, effect_of, known
from xstilts.microworld.concepts import (
    DAYS,
    KIND_OF,
    KINDS,
    LOCATIONS,
    NAMES,
    QUALITIES,
    VERBS,
    siblings,
)
from xstilts.microworld.draws import pick, several
from xstilts.microworld.facts import Bucket, Fact, bucket_of, draw_in, embellished
from xstilts.microworld.grammar import (
    Clause,
    Token,
    kind_statement,
    quality_statement,
    sentence,
    short_answer,
    text_of,
)
from xstilts.microworld.inference import general
from xstilts.microworld.questions import SLOTS, ask, content

if TYPE_CHECKING:
    from xstilts.microworld.lexicon import Lexicon


class Saying(NamedTuple):
    """A sentence, independent of the language: a function of the grammar and its arguments."""

    form: Callable[..., list[Token]]
    arguments: tuple[Any, ...]
    facts: tuple[Fact, ...] = ()
    """The facts that it asserts or denies."""


def say(*clauses: Clause, joiner: str = "and") -> Saying:
    """Build a sentence of clauses."""
    return Saying(sentence, (clauses, joiner), tuple(clause.fact for clause in clauses))


def _new(rng: random.Random, seed: int, bucket: Bucket) -> Fact:
    """Draw a fact with modifiers."""
    return embellished(rng, draw_in(rng, seed, bucket), lavish=True)


def _statement(rng: random.Random, seed: int, bucket: Bucket) -> list[Saying]:
    """One fact, sometimes denied or in the passive, sometimes joined to another."""
    first = Clause(_new(rng, seed, bucket), rng.random() < 0.1, rng.random() < 0.15)
    if rng.random() < 0.2:
        other = Clause(_new(rng, seed, bucket), rng.random() < 0.1)
        return [say(first, other, joiner="but" if other.negated else "and")]
    return [say(first)]


def _story(rng: random.Random, seed: int, bucket: Bucket) -> list[Saying]:
    """Two or three facts, sometimes with the same act."""
    first = _new(rng, seed, bucket)
    verb = first.verb if rng.random() < 0.4 else None
    facts = [first]
    for _ in range(pick(rng, (1, 2))):
        facts.append(embellished(rng, draw_in(rng, seed, bucket, verb=verb)))
    return [say(Clause(fact)) for fact in facts]


def weaker(rng: random.Random, fact: Fact) -> Fact:
    """Draw something that follows from the fact: details omitted, a kind instead of a noun."""
    agent, patient = fact.agent, fact.patient
    if rng.random() < 0.4:
        agent = general(agent)
    if patient is not None:
        keep = rng.random() < 0.6
        patient = patient._replace(adjective=None, number=None) if keep else general(patient)
    return fact._replace(
        agent=agent._replace(adjective=None),
        patient=patient,
        location=fact.location if rng.random() < 0.5 else None,
        time=fact.time if rng.random() < 0.5 else None,
        manner=None,
    )


def other_than(rng: random.Random, fact: Fact) -> Fact:
    """Draw something that the fact excludes: the opposite act, another location, day or agent."""
    excluded = []
    opposite = VERBS[fact.verb].opposite
    if opposite is not None:
        excluded.append(fact._replace(verb=opposite))
    if fact.location is not None:
        locations = [location for location in LOCATIONS if location != fact.location]
        excluded.append(fact._replace(location=pick(rng, locations)))
    if fact.time is not None:
        excluded.append(fact._replace(time=pick(rng, [day for day in DAYS if day != fact.time])))
    if not excluded:
        noun = pick(rng, siblings(fact.agent.noun))
        excluded.append(fact._replace(agent=fact.agent._replace(noun=noun)))
    return pick(rng, excluded)


def _again(rng: random.Random, seed: int, bucket: Bucket) -> list[Saying]:
    """A fact and a consequence of it: rephrased, or weaker, with "so" or without."""
    fact = _new(rng, seed, bucket)
    first = Clause(fact, passive=rng.random() < 0.15)
    then = Clause(weaker(rng, fact), passive=rng.random() < 0.25)
    if rng.random() < 0.5:
        return [say(first, then, joiner="so")]
    return [say(first), say(then)]


def _denial(rng: random.Random, seed: int, bucket: Bucket) -> list[Saying]:
    """A fact, and the denial of something that it excludes."""
    fact = _new(rng, seed, bucket)
    denied = Clause(other_than(rng, fact)._replace(manner=None), negated=True)
    if rng.random() < 0.5:
        return [say(Clause(fact), denied, joiner=pick(rng, ("and", "so")))]
    return [say(Clause(fact)), say(denied)]


def _sequel(rng: random.Random, seed: int, bucket: Bucket) -> list[Saying]:
    """A fact and its effect (:data:`CYCLE_OF`), with "so" or as the next sentence."""
    act = pick(rng, sorted(CYCLE_OF))
    fact = embellished(rng, draw_in(rng, seed, bucket, verb=act))
    effect = known(fact)._replace(verb=effect_of(act), location=None, time=None)
    if rng.random() < 0.5:
        return [say(Clause(fact), Clause(effect), joiner="so")]
    return [say(Clause(fact)), say(Clause(effect))]


def _dialogue(rng: random.Random, seed: int, bucket: Bucket) -> list[Saying]:
    """One or two facts, a question and its short answer."""
    facts = tuple(embellished(rng, draw_in(rng, seed, bucket)) for _ in range(pick(rng, (1, 1, 2))))
    target = pick(rng, range(len(facts)))
    known = [slot for slot in SLOTS if content(facts[target], slot) is not None]
    slot = pick(rng, known)
    question = ask(rng, facts, target, slot)
    if question is None:
        return _dialogue(rng, seed, bucket)
    statements = [say(Clause(fact)) for fact in facts]
    reply = Saying(short_answer, (facts[target], slot))
    return [*statements, say(question), reply]


def _lesson(rng: random.Random, seed: int, bucket: Bucket) -> list[Saying]:
    """The kind of a noun and kinds that it is not, or qualities that exclude each other."""
    del seed, bucket  # truths about words belong to no split
    if rng.random() < 0.3:
        group = pick(rng, [group for groups in QUALITIES.values() for group in groups])
        return [Saying(quality_statement, tuple(several(rng, group, 2)))]
    noun = pick(rng, [noun for noun in KIND_OF if noun not in NAMES])
    kind = KIND_OF[noun]
    lesson = [Saying(kind_statement, (noun, kind, False))]
    if rng.random() < 0.4:
        wrong = pick(rng, [other for other in KINDS if other != kind])
        lesson.append(Saying(kind_statement, (noun, wrong, True)))
    return lesson


_LINES: dict[Callable[[random.Random, int, Bucket], list[Saying]], int] = {
    _statement: 12,
    _story: 10,
    _again: 16,
    _denial: 10,
    _sequel: 24,
    _dialogue: 22,
    _lesson: 6,
}
"""Kinds of lines with their share in percent."""
_PHRASES, _CLAUSES, _DENIED = 0.4, 0.4, 0.3
"""Shares of phrases and of clauses in parallel text, and of denials among the clauses: with too few
denials, a small model does not learn the other language's "never"."""
_MAKERS = tuple(maker for maker, share in _LINES.items() for _ in range(share))


def draw_line(rng: random.Random, seed: int, bucket: Bucket) -> list[Saying]:
    """Draw a line of text whose facts, denied and implied ones included, belong to one split."""
    while True:
        line = pick(rng, _MAKERS)(rng, seed, bucket)
        if all(bucket_of(seed, fact) == bucket for saying in line for fact in saying.facts):
            return line


def draw_utterance(rng: random.Random, seed: int, bucket: Bucket) -> Saying:
    """Draw a single sentence: a statement, a denial, a passive, two clauses or a question."""
    if rng.random() < 0.8:
        return _statement(rng, seed, bucket)[0]
    fact = embellished(rng, draw_in(rng, seed, bucket), lavish=True)
    known = [slot for slot in SLOTS if content(fact, slot) is not None]
    question = ask(rng, (fact,), 0, pick(rng, known))
    assert question is not None, fact
    return say(question)


def draw_translatable(rng: random.Random, seed: int, bucket: Bucket) -> Saying:
    """Draw something for parallel text: a phrase, a plain clause or a whole sentence.

    Phrases, as in a phrase book, teach the translations of words; a small model could not learn
    words and their order at the same time.
    """
    kind = rng.random()
    if kind < _PHRASES:
        fact = embellished(rng, draw_in(rng, seed, bucket))
        filled = [slot for slot in SLOTS if content(fact, slot) is not None]
        return Saying(short_answer, (fact, pick(rng, filled)))
    if kind < _PHRASES + _CLAUSES:
        fact = embellished(rng, draw_in(rng, seed, bucket))
        return say(Clause(fact, negated=rng.random() < _DENIED))
    return draw_utterance(rng, seed, bucket)


def in_words(words: Lexicon, line: list[Saying]) -> str:
    """The text of a line in a language."""
    return " ".join([text_of(saying.form(words, *saying.arguments)) for saying in line])
