"""Variance components of planted scores, against the definition."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import mixedlm
from test_contrasts import HEADER, study_scores

from xstilts.comparisons.tables.variance import FACTORS, variance_summary, variance_table
from xstilts.results.render import summary_markdown
from xstilts.statistics.variance import components


def planted(shape: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    """Standard deviations: strategy 3, language 5, seed 1, strategy x language 2, residual 0.5."""
    draw = np.random.default_rng(seed)
    strategies, languages, seeds = shape
    return (
        draw.normal(0, 3, (strategies, 1, 1))
        + draw.normal(0, 5, (1, languages, 1))
        + draw.normal(0, 1, (1, 1, seeds))
        + draw.normal(0, 2, (strategies, languages, 1))
        + draw.normal(0, 0.5, shape)
    )


def test_planted_variances_are_found_on_average() -> None:
    found = [components(planted((10, 12, 6), seed), FACTORS) for seed in range(60)]
    means = {name: np.mean([one[name] for one in found]) for name in found[0]}
    expected = {
        "strategy": 9,
        "language": 25,
        "seed": 1,
        "strategy x language": 4,
        "residual": 0.25,
    }
    for name, value in expected.items():
        assert means[name] == pytest.approx(value, rel=0.25), name
    assert means["strategy x seed"] < 0.05
    assert means["language x seed"] < 0.05


def test_two_factors_follow_the_textbook_formula() -> None:
    values = planted((6, 7, 1))[:, :, 0]
    found = components(values[:, :, None], FACTORS)
    rows, columns = values.mean(1), values.mean(0)
    residual = values - rows[:, None] - columns[None, :] + values.mean()
    mean_square = (residual**2).sum() / (5 * 6)
    assert found["residual"] == pytest.approx(mean_square)
    assert found["strategy"] == pytest.approx((7 * rows.var(ddof=1) - mean_square) / 7)
    assert set(found) == {"strategy", "language", "residual"}


def test_statsmodels_mixed_model_finds_the_same() -> None:
    values = planted((6, 8, 3))
    # an interaction for each pair of factors: no component is zero, where the two methods differ
    values += np.random.default_rng(1).normal(0, 2, (6, 1, 3))
    values += np.random.default_rng(2).normal(0, 2, (1, 8, 3))
    index = np.indices(values.shape).reshape(3, -1)
    data = pd.DataFrame(dict(zip(FACTORS, index, strict=True))).assign(score=values.ravel(), all=0)
    pairs = list(combinations(FACTORS, 2))
    parts = {name: f"0 + C({name})" for name in FACTORS}
    parts |= {f"{a} x {b}": f"0 + C({a}):C({b})" for a, b in pairs}
    model = mixedlm("score ~ 1", data, groups="all", vc_formula=parts)
    fitted = model.fit(reml=True, method="lbfgs")
    expected = dict(zip(model.exog_vc.names, fitted.vcomp, strict=True)) | {
        "residual": fitted.scale
    }
    found = components(values, FACTORS)
    assert min(found.values()) > 0
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-2)


def test_shares_of_a_study() -> None:
    table = variance_table(study_scores())
    xnli = table[table["target"] == "xnli"].set_index("source")
    assert xnli["share"].sum() == pytest.approx(100)
    # a strategy's effect depends on the language, seeds hardly differ
    assert xnli.loc["strategy x language", "share"] > 30
    assert xnli.loc["seed", "share"] < 5
    assert set(xnli["left_out"]) == {0}
    assert "strategy x language" in summary_markdown(variance_summary(table, HEADER), HEADER)


def test_scores_that_not_all_strategies_have_are_left_out() -> None:
    study = study_scores()
    del study.by_target["xlmr", "xnli"].scores["a", 1, "sw"]
    row = variance_table(study).iloc[0]
    assert (row["num_languages"], row["num_seeds"], row["left_out"]) == (2, 3, 8)
