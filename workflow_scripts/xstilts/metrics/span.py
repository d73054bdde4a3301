"""Scores of answer-span predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.metrics.checks import invalid, require_rows, require_unique
from xstilts.metrics.spans import normalise, squad_scores

if TYPE_CHECKING:
    import pyarrow as pa

    from xstilts.metrics.spans import Normalise


def score(predictions: pa.Table, rules: Normalise = normalise) -> dict[str, float]:
    """``exact_match``, ``f1`` and their mean ``mean_em_f1`` (the benchmark's task score), 0-100.

    Args:
        predictions: columns ``id``, ``gold`` (list of right answers) and ``prediction`` (text).
        rules: normalisation of the texts.

    Raises:
        UserError: no rows, an id occurs twice, or a question has no gold answer.
    """
    require_rows(predictions.num_rows)
    ids, gold = predictions["id"].to_pylist(), predictions["gold"].to_pylist()
    require_unique(ids)
    for example, answers in zip(ids, gold, strict=True):
        if not answers:
            raise invalid(example, "the question has no gold answer")
    exact_match, f1 = squad_scores(gold, predictions["prediction"].to_pylist(), rules)
    return {"exact_match": exact_match, "f1": f1, "mean_em_f1": (exact_match + f1) / 2}
