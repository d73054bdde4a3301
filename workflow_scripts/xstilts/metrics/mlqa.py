"""Exact match and F1 of answer texts, as MLQA defines them: by the language of the answer."""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from xstilts.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ARTICLES: Mapping[str, re.Pattern[str] | None] = {
    "en": re.compile(r"\b(a|an|the)\b"),
    "es": re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b"),
    "hi": None,
    "vi": re.compile(r"\b(của|là|cái|chiếc|những)\b"),
    "de": re.compile(r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    # as published: the first alternative never matches, so ال goes inside of words, too
    "ar": re.compile(r"\sال^|ال"),
    "zh": None,
}
"""Language to its articles; the official script knows no other language."""


@cache
def _punctuation() -> frozenset[str]:
    """Every character of a Unicode punctuation category, and all of ASCII's punctuation."""
    # the official script leaves out the last code point, which is unassigned
    unicode = {chr(i) for i in range(sys.maxunicode) if unicodedata.category(chr(i))[0] == "P"}
    return frozenset(unicode | set(string.punctuation))


@cache
def _deleted() -> dict[int, None]:
    return dict.fromkeys(map(ord, _punctuation()))


def _segments(text: str) -> list[str]:
    """Chinese tokens: each ideograph and each mark alone, what lies between by white space."""
    marks = _punctuation()
    spaced = (f" {c} " if "\u4e00" <= c <= "\u9fa5" or c in marks else c for c in text)
    return "".join(spaced).split()


def tokens(text: str, language: str) -> list[str]:
    """The answer's tokens, without case, punctuation and the articles of its language.

    Args:
        text: an answer.
        language: of the answer, which is the context's and not the question's.

    Raises:
        UserError: MLQA does not have this language.
    """
    if language not in ARTICLES:
        raise unknown("language of MLQA", language, ARTICLES, "language")
    text = text.lower().translate(_deleted())
    if articles := ARTICLES[language]:
        text = articles.sub(" ", text)
    return _segments(text) if language == "zh" else text.split()


def _f1(gold: Sequence[str], predicted: Sequence[str]) -> float:
    shared = sum((Counter(gold) & Counter(predicted)).values())
    return 2 * shared / (len(gold) + len(predicted)) if shared else 0.0


def mlqa_scores(
    gold: Sequence[Iterable[str]], predictions: Sequence[str], language: str
) -> tuple[float, float]:
    """Exact match and F1 over all questions, each 0-100; a question's best gold answer counts.

    As in SQuAD v1.1, an answer that normalises to nothing has F1 0 even against another such one.

    Args:
        gold: right answers of each question, at least one each; at least one question.
        predictions: one text per question, in the same order; ``""`` for no answer.
        language: of the answers.

    Raises:
        UserError: MLQA does not have this language.

    Source: facebookresearch/MLQA ``mlqa_evaluation_v1.py``.
    """
    total_match = total_f1 = 0.0
    for answers, prediction in zip(gold, predictions, strict=True):
        predicted = tokens(prediction, language)
        right = [tokens(answer, language) for answer in answers]
        total_match += max(float(answer == predicted) for answer in right)
        total_f1 += max(_f1(answer, predicted) for answer in right)
    return 100.0 * total_match / len(gold), 100.0 * total_f1 / len(gold)
