"""Mined pairs and ranked candidates against slow references, and known cases."""

from __future__ import annotations

import json
from statistics import fmean
from typing import Any

import pyarrow as pa
import pytest
from engine_world import SHARED, needs_shared
from hypothesis import given
from hypothesis import strategies as st

from xstilts.errors import UserError
from xstilts.metrics.by_kind import score
from xstilts.metrics.pairs import best_threshold, pair_scores
from xstilts.metrics.ranks import average_precision, mean_reciprocal_rank, reciprocal_rank
from xstilts.prediction.schemas import PREDICTION_SCHEMAS

MOCK = SHARED / "xtreme_mock_test_data"

# --- pairs --------------------------------------------------------------------------------------

PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")))


@given(PAIRS, PAIRS)
def test_pair_scores_equal_a_slow_reference(
    gold: list[tuple[str, str]], predicted: list[tuple[str, str]]
) -> None:
    right = [p for i, p in enumerate(predicted) if p in gold and p not in predicted[:i]]
    found = len([p for i, p in enumerate(predicted) if p not in predicted[:i]])
    wanted = len([p for i, p in enumerate(gold) if p not in gold[:i]])
    scores = pair_scores(gold, predicted)
    assert scores.precision == pytest.approx(100 * len(right) / max(1, found) if right else 0)
    assert scores.recall == pytest.approx(100 * len(right) / max(1, wanted) if right else 0)
    assert scores.f1 == pytest.approx(200 * len(right) / max(1, found + wanted))


@needs_shared
def test_official_average_of_the_mock_pairs() -> None:
    values = []
    for labels in sorted((MOCK / "labels/bucc2018").iterdir()):
        gold, predicted = (
            [tuple(line.split("\t")) for line in path.read_text(encoding="utf-8").splitlines()]
            for path in (labels, MOCK / "predictions/bucc2018" / labels.name)
        )
        values.append(pair_scores(gold, predicted))  # type: ignore[arg-type]
    assert len(values) == 4
    for name in ("f1", "precision", "recall"):
        assert fmean(getattr(value, name) for value in values) == pytest.approx(55.0, abs=1e-9)


SCORED = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), st.integers(1, 60), max_size=12
)


@given(SCORED, st.sets(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), min_size=1))
def test_no_threshold_is_better(
    scores: dict[tuple[str, str], int], gold: set[tuple[str, str]]
) -> None:
    # different scores: of equal ones the official script takes some and leaves others
    values = {pair: value + i / 100 for i, (pair, value) in enumerate(scores.items())}

    def f1(threshold: float) -> float:
        return pair_scores(gold, [pair for pair, value in values.items() if value >= threshold]).f1

    best = max([0.0, *(f1(value) for value in values.values())])
    assert f1(best_threshold(values, gold)) == pytest.approx(best if best else f1(0.0))


def test_thresholds_are_between_two_scores() -> None:
    gold = {("a", "x"), ("b", "y")}
    scores = {("a", "x"): 3.0, ("c", "z"): 2.0, ("b", "y"): 1.5, ("d", "z"): 1.0}
    assert best_threshold(scores, gold) == 1.25
    # the official script fails where the best pair is the last one
    assert best_threshold({("b", "y"): 1.5}, gold) == 1.5
    assert best_threshold({("c", "z"): 2.0}, gold) == 0.0
    # a pair that does not raise F1 is left out
    assert best_threshold({("a", "x"): 3.0, ("c", "z"): 1.0}, gold) == 2.0


def mined(rows: list[tuple[str, str, list[str], str | None, float | None]]) -> pa.Table:
    names = ("part", "id", "gold", "prediction", "score")
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) | {"layer": 2} for row in rows],
        schema=PREDICTION_SCHEMAS["mining"],
    )


ROWS: list[Any] = [
    ("evaluated", "q1", ["c1"], "c1", 1.4),
    ("evaluated", "q2", ["c2"], "c2", 1.2),
    ("evaluated", "q3", [], "c3", 1.1),
    ("evaluated", "q4", ["c4"], None, None),
]
TUNING: list[Any] = [
    ("tuning", "q1", ["c9"], "c9", 1.5),
    ("tuning", "q2", [], "c2", 1.3),
    ("tuning", "q3", [], "c4", 1.25),
]


def test_the_threshold_comes_from_the_tuning_pairs() -> None:
    scores = score("mining", mined(ROWS + TUNING), 2)
    # threshold 1.4 = (1.5 + 1.3) / 2 of the tuning pairs
    assert scores["f1"] == pytest.approx(50.0)
    assert (scores["precision"], scores["recall"]) == pytest.approx((100.0, 100 / 3))
    assert scores["f1_oracle"] == pytest.approx(80.0)
    assert (scores["precision_oracle"], scores["recall_oracle"]) == pytest.approx((100, 200 / 3))


def test_without_tuning_pairs_only_the_oracle_is_scored() -> None:
    scores = score("mining", mined(ROWS), 2)
    assert set(scores) == {"f1_oracle", "precision_oracle", "recall_oracle"}


@pytest.mark.parametrize(
    ("rows", "layer", "message"),
    [
        ([], 2, "no predictions"),
        (ROWS, 3, "mined at layer 2, but the protocol prescribes 3"),
        (ROWS[2:3], 2, "no gold pairs of the part 'evaluated'"),
        (ROWS + TUNING[1:], 2, "no gold pairs of the part 'tuning'"),
        (ROWS[:1] * 2, 2, "'q1': the pair with 'c1' occurs twice"),
    ],
)
def test_mined_pairs_that_cannot_be_scored(rows: list[Any], layer: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        score("mining", mined(rows), layer)


# --- ranks --------------------------------------------------------------------------------------

IDS = st.sampled_from("abcdefgh")


@given(st.sets(IDS, min_size=1), st.lists(IDS, unique=True), st.integers(1, 10))
def test_average_precision_equals_a_slow_reference(
    gold: set[str], ranked: list[str], k: int
) -> None:
    shown = ranked[:k]
    total = sum(
        len(gold & set(shown[: i + 1])) / (i + 1) for i, name in enumerate(shown) if name in gold
    )
    assert average_precision(gold, ranked, k) == pytest.approx(total / min(len(gold), k))
    first = [i + 1 for i, name in enumerate(shown) if name in gold]
    assert reciprocal_rank(gold, ranked, k) == pytest.approx(1 / min(first) if first else 0)
    if len(gold) == 1:
        assert average_precision(gold, ranked, k) == reciprocal_rank(gold, ranked, k)


def test_known_ranks() -> None:
    assert average_precision({"a", "b"}, ["a", "x", "b"], 20) == pytest.approx((1 + 2 / 3) / 2)
    # at most k candidates, each counted once
    assert average_precision({"a", "b", "c"}, ["a", "b"], 2) == 1.0
    assert average_precision({"a", "b"}, ["a", "a"], 20) == 0.5
    assert reciprocal_rank({"a"}, ["x"] * 20 + ["a"], 20) == 0.0


@needs_shared
def test_official_average_of_the_mock_rankings() -> None:
    values = []
    for labels in sorted((MOCK / "labels/mewslix").iterdir()):
        gold = json.loads(labels.read_text(encoding="utf-8"))
        found = json.loads((MOCK / "predictions/mewslix" / labels.name).read_text(encoding="utf-8"))
        ranked = [found.get(example, []) for example in gold]
        values.append(mean_reciprocal_rank(list(gold.values()), ranked, 20))
    assert len(values) == 11
    assert fmean(values) == pytest.approx(14.39025156130419, abs=1e-9)


def ranking(rows: list[tuple[str, list[str], list[str]]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "id": name,
                "layer": 1,
                "gold": gold,
                "prediction": ranked,
                "score": [0.0] * len(ranked),
            }
            for name, gold, ranked in rows
        ],
        schema=PREDICTION_SCHEMAS["ranking"],
    )


def test_names_of_ranking_metrics() -> None:
    table = ranking([("q", ["a", "b"], ["x", "a", "b"]), ("r", ["c"], ["c"])])
    assert score("ranking", table, 1) == pytest.approx(
        {
            "map_at_20": 50 * ((1 / 2 + 2 / 3) / 2 + 1),
            "mrr_at_20": 75.0,
            "accuracy": 50.0,
        }
    )


@pytest.mark.parametrize(
    ("rows", "layer", "message"),
    [
        ([], 1, "no predictions"),
        ([("q", ["a"], ["a"])], 2, "ranked at layer 1, but the protocol prescribes 2"),
        ([("q", ["a"], ["a"])] * 2, 1, "'q' occurs twice"),
        ([("q", [], ["a"])], 1, "'q': the query has no right candidate"),
        ([("q", ["a"], [])], 1, "'q': no candidate was ranked"),
    ],
)
def test_rankings_that_cannot_be_scored(rows: list[Any], layer: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        score("ranking", ranking(rows), layer)
