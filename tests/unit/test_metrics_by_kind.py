"""Metric names per kind, and predictions that cannot be scored."""

from __future__ import annotations

import pyarrow as pa
import pytest

from xstilts.errors import UserError
from xstilts.features import names_of
from xstilts.fingerprint import fingerprint
from xstilts.kinds import EMBEDDING_KINDS
from xstilts.metrics.by_kind import score


def classification(**columns: list[str] | list[int]) -> pa.Table:
    return pa.table({"id": ["a", "b"], "gold": ["x", "y"], "prediction": ["x", "x"]} | columns)


def tagging(gold: list[list[str]], prediction: list[list[str]]) -> pa.Table:
    strings = pa.list_(pa.string())
    ids = [f"s{i}" for i in range(len(gold))]
    return pa.table(
        {
            "id": ids,
            "gold": pa.array(gold, strings),
            "prediction": pa.array(prediction, strings),
        }
    )


def retrieval(rows: list[tuple[str, int, list[str], str]]) -> pa.Table:
    names = ("id", "layer", "gold", "prediction")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def test_names_of_metrics() -> None:
    assert score("classification", classification()) == {"accuracy": 50.0}
    choices = classification(gold=[1, 0], prediction=[1, 2])
    assert score("multiple_choice", choices) == {"accuracy": 50.0}
    span = pa.table({"id": ["q"], "gold": [["red cat"]], "prediction": ["cat"]})
    assert score("span", span) == pytest.approx(
        {"exact_match": 0.0, "f1": 200 / 3, "mean_em_f1": 100 / 3}
    )
    assert score("tagging", tagging([["NOUN", "VERB"]], [["NOUN", "X"]])) == {
        "f1": 50.0,
        "precision": 50.0,
        "recall": 50.0,
        "token_accuracy": 50.0,
    }


def test_retrieval_gives_the_protocol_layer_and_the_sweep() -> None:
    table = retrieval(
        [("q", 0, ["1"], "9"), ("r", 0, ["2"], "2"), ("r", 10, ["2"], "2"), ("q", 10, ["1"], "1")]
    )
    assert score("retrieval", table, layer=10) == {
        "accuracy": 100.0,
        "accuracy@layer0": 50.0,
        "accuracy@layer10": 100.0,
    }


@pytest.mark.parametrize(
    ("kind", "table", "layer", "message"),
    [
        ("classification", classification().slice(0, 0), None, "no predictions"),
        ("classification", classification(id=["a", "a"]), None, "'a' occurs twice"),
        ("multiple_choice", classification().slice(0, 0), None, "no predictions"),
        ("multiple_choice", classification(id=["a", "a"]), None, "'a' occurs twice"),
        (
            "span",
            pa.table(
                {
                    "id": ["q"],
                    "gold": pa.array([[]], pa.list_(pa.string())),
                    "prediction": ["x"],
                }
            ),
            None,
            "'q': the question has no gold answer",
        ),
        ("tagging", tagging([["X"], ["X", "X"]], [["X"], ["X"]]), None, "'s1': 1 predicted tags"),
        ("tagging", tagging([["X"]], [[""]]), None, "'s0': a tag is empty"),
        ("tagging", tagging([[]], [[]]), None, "no predictions"),
        ("retrieval", retrieval([("q", 1, ["1"], "1")]), 2, "no predictions from layer 2"),
        ("retrieval", retrieval([("q", 1, ["1"], "1")] * 2), 1, "'q' occurs twice"),
        ("retrieval", retrieval([("q", 1, [], "1")]), 1, "'q': the query has no right"),
        (
            "retrieval",
            retrieval([("q", 1, ["1"], "1"), ("r", 1, ["1"], "1"), ("q", 2, ["1"], "1")]),
            1,
            "'r': the query is in one of layers 1 and 2 only",
        ),
        ("mlm", classification(), None, "'mlm' is not a known kind"),
        ("clasification", classification(), None, "Did you mean 'classification'"),
    ],
)
def test_predictions_that_cannot_be_scored(
    kind: str, table: pa.Table, layer: int | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        score(kind, table, layer)


@pytest.mark.parametrize(("kind", "layer"), [("classification", 3), ("retrieval", None)])
def test_the_layer_is_for_retrieval(kind: str, layer: int | None) -> None:
    with pytest.raises(ValueError, match="layer is for retrieval"):
        score(kind, classification(), layer)


@pytest.mark.parametrize("kind", sorted(EMBEDDING_KINDS | {"classification", "span", "tagging"}))
def test_the_code_of_a_kind_does_not_depend_on_another(kind: str) -> None:
    modules = set(fingerprint([f"metrics/{kind}"]))
    others = {f"xstilts.metrics.{other}" for other in names_of("metrics") if other != kind}
    assert f"xstilts.metrics.{kind}" in modules
    assert not modules & others
