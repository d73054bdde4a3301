"""Counts by example, intervals, tests and verdicts, and what they cover."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from xstilts.comparisons.effects import effect_table
from xstilts.errors import UserError
from xstilts.metrics.by_kind import score
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.statistics.counts import Counts, example_counts
from xstilts.statistics.difference import combine
from xstilts.statistics.inference import estimate, holm, sign_flip, swap_test
from xstilts.statistics.study_scores import StudyScores
from xstilts.statistics.target_scores import TargetScores

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-LOC", "S-PER", "NOUN", "SYM", "PUNCT", "I-O"]
WORDS = ["the", "a", "cat", "Katze", "北京", "Straße", "-", "an", "1990", ""]


def _row(kind: str, number: int, draw: random.Random) -> list[dict[str, Any]]:
    def words() -> str:
        return " ".join(draw.choices(WORDS, k=draw.randint(1, 3)))

    base = {"id": f"test-{number}", "score": 0.0, "layer": 2, "probabilities": [1.0]}
    ids = [f"c{index}" for index in range(6)]
    if kind == "tagging":
        length = draw.randint(1, 7)
        return [base | {part: draw.choices(TAGS, k=length) for part in ("gold", "prediction")}]
    if kind == "span":
        return [base | {"gold": [words(), words()], "prediction": words()}]
    if kind == "classification":
        return [base | {"gold": draw.choice("ab"), "prediction": draw.choice("ab")}]
    if kind == "multiple_choice":
        return [base | {"gold": draw.randint(0, 1), "prediction": draw.randint(0, 1)}]
    if kind == "retrieval":
        row = base | {"gold": [draw.choice(ids)]}
        return [row | {"layer": layer, "prediction": draw.choice(ids)} for layer in (1, 2)]
    if kind == "ranking":
        ranked = draw.sample(ids, 4)
        return [base | {"gold": draw.sample(ids, 2), "prediction": ranked, "score": [0.0] * 4}]
    rows = []
    for part in ("evaluated", "tuning"):
        gold = draw.sample(ids, draw.randint(0, 2))
        for found in draw.sample(ids, draw.randint(1, 3)):
            value = draw.random() + (found in gold)
            rows.append(base | {"part": part, "gold": gold, "prediction": found, "score": value})
    return rows


def predictions(kind: str, count: int, seed: int = 0) -> pa.Table:
    draw = random.Random(seed)
    rows = [row for number in range(count) for row in _row(kind, number, draw)]
    return pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMAS[kind])


@pytest.mark.parametrize(
    ("kind", "metric", "scorer", "layer"),
    [
        ("classification", "accuracy", "", None),
        ("classification", "macro_f1", "class_f1", None),
        ("classification", "weighted_f1", "class_f1", None),
        ("multiple_choice", "accuracy", "", None),
        ("span", "mean_em_f1", "", None),
        ("span", "mean_em_f1", "mlqa", None),
        ("span", "mean_em_f1", "squad_v2", None),
        ("tagging", "f1", "", None),
        ("retrieval", "accuracy", "", 2),
        ("ranking", "map_at_20", "", 2),
        ("mining", "f1", "", 2),
    ],
)
def test_counts_give_the_metric_of_any_resampled_set(
    kind: str, metric: str, scorer: str, layer: int | None
) -> None:
    table = predictions(kind, 60)
    counts = example_counts(kind, metric, table, scorer=scorer, language="de", layer=layer)
    assert isinstance(counts, Counts)
    expected = score(kind, table, layer, scorer=scorer, language="de")[metric]
    assert counts.value() == pytest.approx(expected, abs=1e-9)
    assert 0 < expected < 100
    # half of the examples, by the metric's own code; mining keeps what it tunes on
    half = set(counts.ids[::2])
    rows = table.to_pylist()
    rows = [row for row in rows if row["id"] in half or row.get("part") == "tuning"]
    part = pa.Table.from_pylist(rows, schema=table.schema)
    expected = score(kind, part, layer, scorer=scorer, language="de")[metric]
    kept = np.array([example in half for example in counts.ids])
    sums = [
        n for n in ("numerator_N", "denominator_N", "weight_N") if getattr(counts, n) is not None
    ]
    of_half = replace(counts, **{name: getattr(counts, name)[..., kept] for name in sums})
    assert of_half.value() == pytest.approx(expected, abs=1e-9)


def test_a_metric_that_is_not_a_sum_over_examples_is_reported() -> None:
    found = example_counts("mining", "f1_oracle", predictions("mining", 20), layer=2)
    assert found == "f1_oracle is not a sum over examples"


def target_scores(
    right: dict[tuple[str, int, str], list[int]], counts: bool = True, **changes: Any
) -> TargetScores:
    found = {
        key: Counts(
            tuple(f"test-{index}" for index in range(len(values))),
            np.array(values, float),
            np.ones(len(values)),
        )
        for key, values in right.items()
    }
    scores = {key: one.value() for key, one in found.items()} | changes.pop("scores", {})
    why = dict.fromkeys(found, "f1_oracle is not a sum over examples")
    sizes = {language: 200 for _, _, language in right}
    size = changes.pop("size", 2000)
    return TargetScores("xnli/test", scores, found if counts else why, sizes, size, **changes)


def answers(share: float, seed: int, count: int = 200) -> list[int]:
    return [int(value) for value in np.random.default_rng(seed).random(count) < share]


def test_interval_of_examples_is_that_of_the_paired_difference() -> None:
    first, second = answers(0.7, 1, 1000), answers(0.6, 2, 1000)
    one = target_scores({("mnli", 1, "en"): first, ("none", 1, "en"): second})
    difference = one.difference("mnli", "none", swaps=True)
    found = estimate(difference.values_S, difference.replicates_BS)
    paired = np.array(first) - np.array(second)
    error = 100 * paired.std(ddof=1) / math.sqrt(1000)
    assert found.delta == pytest.approx(100 * paired.mean())
    assert found.low == pytest.approx(found.delta - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(found.delta + 1.96 * error, abs=0.15 * error)
    assert difference.uncertainty == "examples only: one seed, variance between seeds unknown"
    assert found.verdict == "these models differ"
    # the swap test is McNemar's: only examples that exactly one of the two has right count
    only = int((paired == 1).sum()), int((paired != 0).sum())
    assert difference.swapped_B is not None
    expected = stats.binomtest(*only).pvalue
    assert swap_test(found.delta, difference.swapped_B) == pytest.approx(expected, abs=0.02)


def test_interval_of_seeds_is_students() -> None:
    values = np.array([1.0, 2.5, 2.0, 4.0])
    found = estimate(values, None)
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (found.low, found.high) == (pytest.approx(low, abs=0.02), pytest.approx(high, abs=0.02))
    assert found.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.003)
    assert found.verdict == ("helps" if low > 0 else "unclear")


def test_seeds_and_examples_add_up() -> None:
    # one variance component of examples, shared by all seeds, and one of seeds
    shared = np.random.default_rng(0).normal(0, 2.0, (2000, 1))
    values = np.array([-1.0, 0.0, 1.0, -2.0, 2.0, 0.5, -0.5, 1.5, -1.5, 0.0])
    found = estimate(values, values + shared)
    width = 1.96 * math.sqrt(2.0**2 + values.var(ddof=1) / 10)
    assert found.high - found.low == pytest.approx(2 * width, rel=0.06)


def test_one_seed_without_examples_decides_nothing() -> None:
    one = target_scores(
        {("mnli", 1, "en"): answers(0.9, 1), ("none", 1, "en"): answers(0.1, 2)}, False
    )
    difference = one.difference("mnli", "none")
    found = estimate(difference.values_S, difference.replicates_BS)
    assert found.verdict == "unknown"
    assert difference.uncertainty == "none: one seed; f1_oracle is not a sum over examples"
    # in an average with others it does not widen the interval, and ``uncertainty`` says so
    other = target_scores({("mnli", 1, "en"): answers(0.9, 1), ("none", 1, "en"): answers(0.1, 2)})
    both = combine([(0.5, difference), (0.5, other.difference("mnli", "none"))])
    assert both.uncertainty.startswith("examples only: one seed")
    assert "1 of 2 parts over seeds only: f1_oracle" in both.uncertainty


def test_predictions_that_were_not_scored_are_not_used() -> None:
    right = {("mnli", seed, "en"): answers(0.7, seed) for seed in (1, 2)}
    right |= {("none", seed, "en"): answers(0.6, seed + 9) for seed in (1, 2)}
    one = target_scores(right, scores={("mnli", 1, "en"): 99.0})
    assert one.difference("mnli", "none").uncertainty.startswith(
        "seeds only; the predictions are not"
    )


def test_strategies_must_be_evaluated_on_the_same_examples() -> None:
    right = {("mnli", 1, "en"): answers(0.7, 1), ("none", 1, "en"): answers(0.7, 1, 100)}
    with pytest.raises(UserError, match="xnli/test: en: the predictions of none, seed 1, are for"):
        target_scores(right)


def test_models_that_mine_other_sentences_are_compared_over_all_of_them() -> None:
    def mined(names: str, right: str) -> Counts:
        top = np.array([2.0 * (name in right) for name in names])
        return Counts(tuple(names), top, np.full(len(names), 2.0), sparse=True)

    found = {("mnli", 1, "de"): mined("abc", "ab"), ("none", 1, "de"): mined("bcd", "b")}
    scores = {key: one.value() for key, one in found.items()}
    one = TargetScores("bucc2018/test", scores, found, {"de": 4}, 2000)
    difference = one.difference("mnli", "none")
    assert difference.uncertainty.startswith("examples only")
    assert difference.by_seed[1] == pytest.approx(100 / 3)
    padded = one.counts["none", 1, "de"]
    assert padded.ids == ("a", "b", "c", "d")
    assert padded.value() == scores["none", 1, "de"]


def test_the_same_strategy_has_no_effect() -> None:
    right = {(name, seed, "en"): answers(0.7, seed) for name in ("none", "same") for seed in (1, 2)}
    difference = target_scores(right).difference("same", "none", swaps=True)
    found = estimate(difference.values_S, difference.replicates_BS)
    assert (found.low, found.high, found.p) == (0, 0, 1)
    assert found.verdict == "unclear"
    assert difference.swapped_B is not None
    assert swap_test(found.delta, difference.swapped_B) == 1


def test_only_what_both_have_is_compared() -> None:
    right = {
        ("none", 1, "en"): answers(0.5, 1),
        ("none", 2, "en"): answers(0.5, 2),
        ("mnli", 1, "en"): answers(0.5, 1),
        ("mnli", 1, "sw"): answers(0.9, 3),
        ("mnli", 3, "en"): answers(0.9, 4),
    }
    difference = target_scores(right).difference("mnli", "none")
    assert difference.by_seed == {1: 0.0}
    assert difference.num_examples == 200


def study() -> StudyScores:
    levels = {("none", "en"): 0.7, ("none", "sw"): 0.5, ("mnli", "en"): 0.72, ("mnli", "sw"): 0.7}
    right = {
        (strategy, seed, language): answers(share, 10 * seed + len(strategy + language), 2000)
        for (strategy, language), share in levels.items()
        for seed in (1, 2, 3)
    }
    without = {("none", seed, "sw"): answers(0.5, 50 + seed) for seed in (1, 2, 3)}
    without |= {("mnli", seed, "sw"): answers(0.5, 60 + seed) for seed in (1, 2, 3)}
    targets = {
        ("xlmr", "xnli"): target_scores(right),
        ("xlmr", "bucc2018"): target_scores(without, False),
    }
    return StudyScores(targets, ["none", "mnli"], "none", "en")


def test_effect_table() -> None:
    rows = {(r["strategy"], r["target"]): r for r in effect_table(study()).to_dict("records")}
    xnli = rows["mnli", "xnli"]
    assert xnli["delta"] == pytest.approx(11, abs=1.5)
    assert xnli["verdict"] == "helps"
    assert xnli["uncertainty"] == "seeds and examples"
    assert xnli["p_flip"] == pytest.approx(0.25)  # the minimum for three seeds
    assert xnli["p"] <= xnli["p_holm"] <= 2 * xnli["p"]
    assert xnli["gap_delta"] == pytest.approx(-18, abs=3)
    assert xnli["gap_low"] < xnli["gap_delta"] < xnli["gap_high"] < 0
    none = rows["none", "xnli"]
    assert none["gap"] == pytest.approx(20, abs=2)
    assert none["verdict"] == "baseline"
    mined = rows["mnli", "bucc2018"]
    assert mined["uncertainty"] == "seeds only; f1_oracle is not a sum over examples"
    assert math.isnan(mined["gap"])
    average = rows["mnli", "average"]
    assert average["delta"] == pytest.approx((xnli["delta"] + mined["delta"]) / 2)
    assert average["uncertainty"].startswith("seeds and examples; 1 of 2 parts over seeds only")
    assert average["low"] < average["delta"] < average["high"]


def test_an_unknown_baseline_is_named() -> None:
    with pytest.raises(UserError, match=r"'nonee' is not a known strategy\. Did you mean 'none'"):
        StudyScores({}, ["none"], "nonee", "en")


def test_combined_differences_have_the_seeds_of_all() -> None:
    many = {(n, s, "en"): answers(0.5, s) for n in ("none", "mnli") for s in (1, 2, 3)}
    few = {key: value for key, value in many.items() if key[1] != 2}
    parts = [(0.5, target_scores(right).difference("mnli", "none")) for right in (many, few)]
    assert list(combine(parts).by_seed) == [1, 3]


def test_holm_against_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03, math.nan]) == pytest.approx(
        [0.03, 0.06, 0.06, math.nan], nan_ok=True
    )


def test_holm_is_that_of_statsmodels() -> None:
    p_values = np.random.default_rng(0).random(40) ** 3
    p_values[7] = p_values[20]
    assert holm(list(p_values)) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_sign_flips_are_exact() -> None:
    assert sign_flip(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) == pytest.approx(2 / 2**5)
    assert math.isnan(sign_flip(np.array([1.0])))


def test_counts_of_classes_over_more_examples_score_the_same() -> None:
    right, all_, weight = (
        np.array([[1.0, 0.0], [0.0, 1.0]]),
        np.array([[2.0, 1.0], [1.0, 1.0]]),
        3.0,
    )
    counts = Counts(("a", "b"), right, all_, classes=("x", "y"), weight_N=weight * right)
    assert counts.with_ids(["c", "b", "a"]).value() == counts.value() == pytest.approx(125 / 3)
