"""F1 over the classes of a classification task: macro and weighted average."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xstilts.metrics.accuracy import accuracy
from xstilts.metrics.checks import require_rows, require_unique

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


def score(predictions: pa.Table, language: str) -> dict[str, float]:
    """``accuracy``, ``macro_f1`` and ``weighted_f1``, 0-100.

    Args:
        predictions: columns ``id``, ``gold`` and ``prediction`` (label names).
        language: not used; all languages have the same rules.

    Raises:
        UserError: no rows, or an id occurs twice.
    """
    require_rows(predictions.num_rows)
    require_unique(predictions["id"].to_pylist())
    gold, predicted = predictions["gold"].to_pylist(), predictions["prediction"].to_pylist()
    macro, weighted = f1_over_classes(gold, predicted)
    return {
        "accuracy": accuracy(gold, predicted),
        "macro_f1": macro,
        "weighted_f1": weighted,
    }


def f1_over_classes(gold: Sequence[str], predicted: Sequence[str]) -> tuple[float, float]:
    """Macro and weighted F1, 0-100.

    Classes are those that occur among right or predicted labels; a class that is never right has
    F1 0. The macro average gives all classes the same weight, the weighted one their share of the
    right labels.

    Args:
        gold: right labels, one per example; at least one.
        predicted: predicted labels in the same order.

    Source: scikit-learn's ``f1_score`` with its default labels, as in the scripts of AfriSenti
    (``evaluation.py``), MasakhaNEWS (``train_textclass.py``) and NusaX (its notebook).
    """
    of_gold, of_predicted = Counter(gold), Counter(predicted)
    right = Counter(g for g, p in zip(gold, predicted, strict=True) if g == p)
    f1 = {
        name: 2 * right[name] / (of_gold[name] + of_predicted[name])
        for name in of_gold | of_predicted
    }
    macro = sum(f1.values()) / len(f1)
    weighted = sum(of_gold[name] * value for name, value in f1.items()) / len(gold)
    return 100 * macro, 100 * weighted
