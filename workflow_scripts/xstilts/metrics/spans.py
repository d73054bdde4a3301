"""Exact match and F1 of answer texts, as SQuAD v1.1 and MLQA define them."""

from __future__ import annotations

import re
import string
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Normalise = Callable[[str], str]

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalise(text: str) -> str:
    """The answer without case, ASCII punctuation, English articles and surplus white space.

    The rules are English for every language, and scripts without spaces are not segmented, as in
    the official scores of XQuAD and TyDiQA.
    """
    # the order matters: "a.n" is an article only once the full stop is gone
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(gold: str, prediction: str, rules: Normalise = normalise) -> float:
    """1.0 if the texts, normalised by the rules, are equal, else 0.0."""
    return float(rules(gold) == rules(prediction))


def f1(gold: str, prediction: str, rules: Normalise = normalise) -> float:
    """Harmonic mean of precision and recall over the bags of normalised tokens, 0-1.

    A text that normalises to the empty string scores 0 even against another such text, where
    ``exact_match`` is 1 (SQuAD v2.0's script differs).
    """
    gold_tokens, predicted_tokens = rules(gold).split(), rules(prediction).split()
    shared = sum((Counter(gold_tokens) & Counter(predicted_tokens)).values())
    if shared == 0:
        return 0.0
    precision = shared / len(predicted_tokens)
    recall = shared / len(gold_tokens)
    return 2 * precision * recall / (precision + recall)


def squad_scores(
    gold: Sequence[Sequence[str]], predictions: Sequence[str], rules: Normalise = normalise
) -> tuple[float, float]:
    """Exact match and F1 over all questions, each 0-100; a question's best gold answer counts.

    Args:
        gold: right answers of each question, at least one each; at least one question.
        predictions: one text per question, in the same order; ``""`` for no answer.
        rules: normalisation of the texts; the tokens are the words between white space.

    Source: google-research/xtreme ``third_party/evaluate_squad.py`` (SQuAD v1.1) and
    ``evaluate_mlqa.py``, which differ only in the rules.
    """
    total_match = total_f1 = 0.0
    for answers, prediction in zip(gold, predictions, strict=True):
        total_match += max(exact_match(answer, prediction, rules) for answer in answers)
        total_f1 += max(f1(answer, prediction, rules) for answer in answers)
    return 100.0 * total_match / len(gold), 100.0 * total_f1 / len(gold)
