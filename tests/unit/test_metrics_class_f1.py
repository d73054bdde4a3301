"""Macro and weighted F1 equal scikit-learn's."""

from __future__ import annotations

import pyarrow as pa
import pytest

from xstilts.errors import UserError
from xstilts.metrics.class_f1 import score

# f1_score(gold, predicted, average="macro") and "weighted" of scikit-learn 1.9.1, in percent
SCIKIT_LEARN = [
    ("aaabbc", "ababba", 48.888889, 60.0),
    ("abcabcab", "acbaabbb", 31.746032, 35.714286),
    # a class that is only predicted counts in the macro average
    ("aab", "dab", 55.555556, 77.777778),
    ("aa", "bb", 0.0, 0.0),
    ("nnnnppuuuuuu", "npunppuunupu", 65.512266, 66.522367),
]


def predictions(gold: str, predicted: str) -> pa.Table:
    ids = [str(number) for number in range(len(gold))]
    return pa.table({"id": ids, "gold": list(gold), "prediction": list(predicted)})


@pytest.mark.parametrize(("gold", "predicted", "macro", "weighted"), SCIKIT_LEARN)
def test_f1_is_that_of_scikit_learn(
    gold: str, predicted: str, macro: float, weighted: float
) -> None:
    found = score(predictions(gold, predicted), "ha")
    assert found["macro_f1"] == pytest.approx(macro, abs=1e-6)
    assert found["weighted_f1"] == pytest.approx(weighted, abs=1e-6)
    right = sum(g == p for g, p in zip(gold, predicted, strict=True))
    assert found["accuracy"] == pytest.approx(100 * right / len(gold))


def test_an_id_that_occurs_twice_is_an_error() -> None:
    table = pa.table({"id": ["1", "1"], "gold": ["a", "a"], "prediction": ["a", "a"]})
    with pytest.raises(UserError):
        score(table, "ha")
