"""Intervals that are valid at any number of looks, and the forecast of what more seeds decide."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from benchmark_modules import benchmark_module
from scipy import stats

from xstilts.statistics.difference import Difference
from xstilts.statistics.inference import estimate, student
from xstilts.statistics.looks import (
    FIRST,
    LEVEL,
    critical_draws,
    critical_value,
    estimate_at_any_time,
)
from xstilts.statistics.power import LIKELY, MOST_SEEDS, Forecast, forecast, half_width


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    """The module of benchmarks/looks.py."""
    return benchmark_module("looks.py")


def difference(*values: float, shared: float = 0.0, size: int = 1000) -> Difference:
    """A difference by seed; ``shared`` is the standard error of its test set."""
    errors_B1 = shared * stats.norm.ppf((np.arange(size)[:, None] + 0.5) / size)
    replicates_BS = np.array(values) + errors_B1 if shared else None
    return Difference(
        by_seed=dict(enumerate(values)), replicates_BS=replicates_BS, num_examples=500
    )


# 60,000 studies: the standard error of a share of 0.02 is 0.0006
@pytest.mark.parametrize("level", [1 - LEVEL, 0.5])
def test_each_look_spends_its_share_of_the_error(level: float) -> None:
    draws = np.random.default_rng(4).standard_normal((60_000, 6))
    open_C = np.ones(len(draws), bool)
    for number in range(FIRST, 7):
        values = draws[:, :number]
        t_C = np.abs(values.mean(1)) / (values.std(1, ddof=1) / np.sqrt(number))
        open_C &= t_C <= critical_value(np.array(level), number)
        wanted = level * (1 - 1 / (number - 1))
        error = np.sqrt(wanted * (1 - wanted) / len(draws))
        assert 1 - open_C.mean() == pytest.approx(wanted, abs=4 * error), number


def test_three_seeds_have_half_of_the_error() -> None:
    assert critical_value(np.array(0.04), 3) == pytest.approx(stats.t.ppf(0.99, 2), rel=1e-3)


def test_no_interval_is_narrower_than_that_of_one_look() -> None:
    levels = np.linspace(1e-4, 0.99, 50)
    draw = np.random.default_rng(2)
    for number in range(FIRST, 9):
        assert (critical_value(levels, number) >= -stats.t.ppf(levels / 2, number - 1)).all()
        sorted_draws = np.sort(critical_draws(400, number)), np.sort(student(400, number))
        assert (np.abs(sorted_draws[0]) >= np.abs(sorted_draws[1]) * 0.999).all()
        for shared in (0.0, 0.3, 3.0):
            one = difference(*draw.normal(1, 1, number), shared=shared)
            found = estimate_at_any_time(one)
            single = estimate(one.values_S, one.replicates_BS)
            assert found.delta == single.delta
            assert found.low < single.low < single.high < found.high


@pytest.mark.parametrize("values", [(), (5.0,), (5.0, 5.1)])
def test_fewer_than_three_seeds_decide_nothing(values: tuple[float, ...]) -> None:
    found = estimate_at_any_time(difference(*values, shared=0.1))
    assert (found.low, found.high, found.decided) == (-np.inf, np.inf, False)


def test_the_forecast_has_the_width_of_the_interval() -> None:
    for shared in (0.0, 0.2, 1.0, 20.0):
        one = difference(1.0, 2.5, 0.2, 1.4, shared=shared, size=20_000)
        found = estimate_at_any_time(one)
        error = np.array([one.values_S.std(ddof=1) / 2])
        width = half_width(error, shared**2, 0.0, 4)[0]
        assert (found.high - found.low) / 2 == pytest.approx(width, rel=0.03), shared


def test_a_large_difference_needs_few_seeds_and_none_at_all_is_never_decided() -> None:
    large = forecast(difference(5.0, 6.5, 5.5))
    assert large.seeds in (4, 5)
    assert (np.diff(large.by_seeds) >= 0).all()
    assert large.by_seeds[3] == 0
    assert large.examples is None
    for none in (forecast(difference(0.0, 0.0, 0.0)), forecast(difference(1.0, -1.0, 0.1))):
        assert (none.seeds, none.examples) == (None, None)
        assert none.by_seeds[MOST_SEEDS] < LIKELY


def test_where_the_test_set_dominates_more_examples_decide_and_more_seeds_do_not() -> None:
    found = forecast(difference(2.0, 2.2, 1.8, 2.1, shared=1.5))
    assert found.seeds is None
    assert found.by_seeds[MOST_SEEDS] < 0.1
    assert found.examples is not None
    factor, seeds = found.examples
    # a standard error of 0.6 and less
    assert 5 <= factor <= 20
    assert seeds <= MOST_SEEDS
    assert found.decided(np.inf)[MOST_SEEDS] > LIKELY


def test_answers_are_part_of_the_variance_between_seeds() -> None:
    common = {"mean": 2.0, "num_seeds": 3, "variance": 4.0, "shared": 0.01}
    of_training = Forecast(**common).decided(100.0)
    of_answers = Forecast(**common, interaction=4.0).decided(100.0)
    assert of_answers[5] > 2 * of_training[5]


def test_repeated_looks_are_rarely_wrong(simulation: ModuleType) -> None:
    found = list(simulation.studies([0.0] * 150, 1.0, 8, 200))
    # 14 and more of 150 have a probability of 1 % at a rate of 5 %
    assert sum(np.isfinite(simulation.decided_at(one)) for one in found) <= 13


@pytest.mark.full
@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.3, 1.0, 3.0, 10.0])
def test_1000_studies_without_an_effect(simulation: ModuleType, ratio: float) -> None:
    found = list(simulation.studies([0.0] * 1000, ratio, 10, 500))
    wrong = sum(np.isfinite(simulation.decided_at(one)) for one in found)
    assert stats.binomtest(wrong, 1000).proportion_ci(0.95).low <= 0.05
    if ratio <= 0.3:
        single = sum(np.isfinite(simulation.decided_at(one, simulation.fixed)) for one in found)
        assert single > 100


@pytest.mark.full
def test_power_and_forecast_agree(simulation: ModuleType) -> None:
    strong = [simulation.decided_at(one) for one in simulation.studies([4.0] * 300, 0.0, 8, 200)]
    assert np.mean(np.array(strong) <= 5) > 0.9
    promised, kept = [], []
    effects = list(np.random.default_rng(3).normal(0, 4, 600))
    for whole in simulation.studies(effects, 0.5, 10, 300):
        now = simulation.first(whole, FIRST)
        if not estimate_at_any_time(now).decided:
            promised.append(forecast(now).by_seeds[10])
            kept.append(simulation.decided_at(whole) <= 10)
    # studies that are undecided by bad luck make it err on the safe side
    assert np.mean(promised) - 0.03 < np.mean(kept) < np.mean(promised) + 0.15
    high = np.array(promised) >= LIKELY
    assert np.mean(np.array(kept)[high]) >= LIKELY
