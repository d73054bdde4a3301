"""From meaning to words: a clause in a language, each word with its part of speech and its slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xstilts.microworld.concepts import DAYS, KINDS, NAMES, THINGS
from xstilts.microworld.facts import Fact, Phrase, Slot
from xstilts.microworld.languages import SOURCE

if TYPE_CHECKING:
    from xstilts.microworld.lexicon import Case, Lexicon


class Token(NamedTuple):
    """A word as written, its universal part of speech, and the slot whose content it names."""

    form: str
    tag: str
    slot: Slot | None = None


class Clause(NamedTuple):
    """A fact and the form in which it is expressed."""

    fact: Fact
    negated: bool = False
    passive: bool = False
    """Ignored if there is no patient to become the subject."""
    ask: Slot | None = None
    """The slot asked for; the fact's content there only decides between "who" and "what"."""


# S subject, V verb, O object, R "to whom", B "by whom", M manner, L location, T time
_ORDERS = {"SVO": "SVORBMLT", "SOV": "STLBROMV", "VSO": "VSORBMLT", "VOS": "VOSRBMLT"}
_ADPOSITIONS = {"R": "to", "B": "by", "L": "in", "T": "on"}
_PERIOD = Token(".", "PUNCT")
_QUESTION_MARK = Token("?", "PUNCT")
_VOWELS = tuple("aeiou")


def phrase_tokens(words: Lexicon, phrase: Phrase, slot: Slot, case: Case) -> list[Token]:
    """A participant: article or numeral, adjective and noun."""
    language = words.language
    if phrase.noun in NAMES:
        return [Token(words.nouns[phrase.noun, False, case], "PROPN", slot)]
    many = phrase.number is not None
    tokens = [Token(words.nouns[phrase.noun, many, case], "NOUN", slot)]
    if phrase.adjective:
        adjective = Token(words.adjectives[phrase.adjective, many, case], "ADJ", slot)
        tokens.insert(0 if language.adjective == "pre" else 1, adjective)
    if phrase.number:
        return [Token(words.function[phrase.number], "NUM", slot), *tokens]
    if language.articles:
        article = "the" if phrase.definite else "a"
        if article == "a" and language.code == SOURCE and tokens[0].form.startswith(_VOWELS):
            article = "a before vowel"
        return [Token(words.function[article], "DET"), *tokens]
    return tokens


def _circumstance(words: Lexicon, noun: str, slot: Slot, case: Case) -> list[Token]:
    """A location with its article, or a day by its name."""
    if noun in DAYS:
        return [Token(words.nouns[noun, False, case], "PROPN", slot)]
    return phrase_tokens(words, Phrase(noun), slot, case)


def _question_word(words: Lexicon, slot: Slot, about: Phrase | None, case: Case) -> Token:
    """The question word for a slot."""
    if slot in ("location", "time"):
        return Token(words.function["where" if slot == "location" else "when"], "ADV")
    thing = about is not None and (about.noun in THINGS or about.noun in KINDS["animal"])
    word = "who" if slot == "agent" else "what" if thing else "whom"
    return Token(words.nouns[word, False, case], "PRON")


def _with_adposition(words: Lexicon, role: str, tokens: list[Token]) -> list[Token]:
    """A phrase with its "to", "by", "in" or "on", before or after it by the language's rule."""
    adposition = Token(words.function[_ADPOSITIONS[role]], "ADP")
    if words.language.adposition == "pre":
        return [adposition, *tokens]
    return [*tokens, adposition]


def _verb_tokens(words: Lexicon, clause: Clause, passive: bool) -> tuple[list[Token], list[Token]]:
    """The auxiliary that a mini-English question has before its subject, and the main verb."""
    base, past, participle = words.verbs[clause.fact.verb]
    negation = [Token(words.function["never"], "ADV")] if clause.negated else []
    was = Token(words.function["was"], "AUX")
    if words.language.code == SOURCE:
        if passive:
            return [was], [*negation, Token(participle, "VERB")]
        if clause.ask not in (None, "agent"):
            return [Token(words.function["did"], "AUX")], [*negation, Token(base, "VERB")]
        return [], [*negation, Token(past, "VERB")]
    verb = [Token(past, "VERB"), *([was] if passive else [])]
    if words.language.negation == "pre":
        return [], negation + verb
    return [], verb + negation


def _parts(words: Lexicon, clause: Clause, passive: bool) -> dict[str, list[Token]]:
    """The tokens of each part of the clause except the verb, by the letters of ``_ORDERS``."""
    fact = clause.fact
    roles: list[tuple[str, Slot, Phrase | str | None]] = [
        ("B" if passive else "S", "agent", fact.agent),
        ("S" if passive else "O", "patient", fact.patient),
        ("R", "recipient", fact.recipient),
        ("L", "location", fact.location),
        ("T", "time", fact.time),
    ]
    parts: dict[str, list[Token]] = {}
    for role, slot, content in roles:
        case: Case = "subject" if role == "S" else "object" if role == "O" else "oblique"
        if clause.ask == slot:
            about = content if isinstance(content, Phrase) else None
            tokens = [_question_word(words, slot, about, case)]
            if role in "LT":
                parts[role] = tokens
                continue
        elif content is None:
            continue
        elif isinstance(content, Phrase):
            tokens = phrase_tokens(words, content, slot, case)
        else:
            tokens = _circumstance(words, content, slot, case)
        parts[role] = _with_adposition(words, role, tokens) if role in _ADPOSITIONS else tokens
    if fact.manner:
        parts["M"] = [Token(words.adverbs[fact.manner], "ADV")]
    return parts


def _asked_role(slot: Slot, passive: bool) -> str:
    """The letter in ``_ORDERS`` of the part that a question asks for."""
    active = {"agent": "S", "patient": "O", "recipient": "R", "location": "L", "time": "T"}
    return {"agent": "B", "patient": "S"}.get(slot, active[slot]) if passive else active[slot]


def clause_tokens(words: Lexicon, clause: Clause) -> list[Token]:
    """A clause in the order of the language, without the final punctuation."""
    passive = clause.passive and clause.fact.patient is not None
    parts = _parts(words, clause, passive)
    auxiliary, verb = _verb_tokens(words, clause, passive)
    order = _ORDERS[words.language.order]
    front: list[Token] = []
    tail: list[Token] = []
    if clause.ask:
        if words.language.question_first:
            asked = _asked_role(clause.ask, passive)
            front = parts.pop(asked)
            if asked != "S":
                front, auxiliary = front + auxiliary, []
        else:
            tail = [Token(words.function["question"], "PART")]
    parts["V"] = auxiliary + verb
    body = [token for role in order if role in parts for token in parts[role]]
    return front + body + tail


def sentence(words: Lexicon, clauses: tuple[Clause, ...], joiner: str = "and") -> list[Token]:
    """Clauses joined by a conjunction and closed by a full stop, or a question mark."""
    tokens = clause_tokens(words, clauses[0])
    for clause in clauses[1:]:
        tag = "ADV" if joiner == "so" else "CCONJ"
        tokens.append(Token(words.function[joiner], tag))
        tokens += clause_tokens(words, clause)
    tokens.append(_QUESTION_MARK if clauses[-1].ask else _PERIOD)
    return tokens


def short_answer(words: Lexicon, fact: Fact, slot: Slot) -> list[Token]:
    """The content of a slot as a sentence of its own: "the farmer ."."""
    content = getattr(fact, slot)
    assert content is not None, (fact, slot)
    if isinstance(content, Phrase):
        return [*phrase_tokens(words, content, slot, "subject"), _PERIOD]
    return [*_circumstance(words, content, slot, "subject"), _PERIOD]


def kind_statement(words: Lexicon, noun: str, kind: str, negated: bool) -> list[Token]:
    """A sentence about words: "a farmer is a person .", "a farmer is never a fruit ."."""
    left = phrase_tokens(words, Phrase(noun, definite=False), "agent", "subject")
    right = phrase_tokens(words, Phrase(kind, definite=False), "patient", "subject")
    return _copula(words, left, right, negated)


def quality_statement(words: Lexicon, quality: str, other: str) -> list[Token]:
    """A sentence about two qualities: "tall is never short ."."""
    left, right = (
        [Token(words.adjectives[word, False, "subject"], "ADJ")] for word in (quality, other)
    )
    return _copula(words, left, right, True)


def _copula(words: Lexicon, left: list[Token], right: list[Token], negated: bool) -> list[Token]:
    """A sentence with "is" or "is never", where the language has its verb."""
    language = words.language
    verb = [Token(words.function["is"], "AUX")]
    negation = [Token(words.function["never"], "ADV")] if negated else []
    source_like = language.code == SOURCE or language.negation == "post"
    verb = verb + negation if source_like else negation + verb
    if language.order == "SVO":
        return [*left, *verb, *right, _PERIOD]
    if language.order == "SOV":
        return [*left, *right, *verb, _PERIOD]
    return [*verb, *left, *right, _PERIOD]


def text_of(tokens: list[Token]) -> str:
    """The words and punctuation marks, joined by spaces."""
    return " ".join([token.form for token in tokens])
