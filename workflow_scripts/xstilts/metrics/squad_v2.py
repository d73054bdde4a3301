"""Scores of SQuAD v2.0, where a question may have no answer."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from xstilts.metrics import spans
from xstilts.metrics.checks import require_rows, require_unique

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


def f1(gold: str, prediction: str) -> float:
    """As in SQuAD v1.1, but 1 if both texts normalise to the empty string."""
    if not spans.normalise(gold) or not spans.normalise(prediction):
        return spans.exact_match(gold, prediction)
    return spans.f1(gold, prediction)


def best(answers: Sequence[str], prediction: str) -> tuple[float, float]:
    """Exact match and F1 against the best gold answer of a question, 0-1.

    Args:
        answers: the right answers; empty for an unanswerable question. Answers that normalise to
            the empty string do not count.
        prediction: a text, ``""`` for no answer.

    Source: rajpurkar/SQuAD-explorer ``evaluate-v2.0.py`` (``get_raw_scores``).
    """
    gold = [answer for answer in answers if spans.normalise(answer)] or [""]
    return (
        max(spans.exact_match(answer, prediction) for answer in gold),
        max(f1(answer, prediction) for answer in gold),
    )


def score(predictions: pa.Table, language: str) -> dict[str, float]:
    """``exact_match``, ``f1``, their mean, and the two kinds of questions separately, 0-100.

    ``has_answer_*`` is over the questions with an answer, ``no_answer_accuracy`` over those
    without; each exists only if there are such questions.

    Args:
        predictions: columns ``id``, ``gold`` (right answers; empty if the question has none) and
            ``prediction`` (text; ``""`` for no answer).
        language: not used; the rules are English.

    Raises:
        UserError: no rows, or an id occurs twice.
    """
    del language
    require_rows(predictions.num_rows)
    require_unique(predictions["id"].to_pylist())
    gold, texts = predictions["gold"].to_pylist(), predictions["prediction"].to_pylist()
    raw = [best(answers, text) for answers, text in zip(gold, texts, strict=True)]
    answerable = [pair for pair, answers in zip(raw, gold, strict=True) if answers]
    others = [pair for pair, answers in zip(raw, gold, strict=True) if not answers]
    exact_match, f1_score = (100 * fmean(part) for part in zip(*raw, strict=True))
    scores = {
        "exact_match": exact_match,
        "f1": f1_score,
        "mean_em_f1": (exact_match + f1_score) / 2,
    }
    if answerable:
        exact, overlap = (100 * fmean(part) for part in zip(*answerable, strict=True))
        scores |= {"has_answer_exact_match": exact, "has_answer_f1": overlap}
    if others:
        scores["no_answer_accuracy"] = 100 * fmean(match for match, _ in others)
    return scores
