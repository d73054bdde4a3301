"""Resampled test sets are draws with replacement, for all models the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from xstilts.statistics.counts import Counts
from xstilts.statistics.resample import Swaps, resampled_scores
from xstilts.statistics.sample import Sample
from xstilts.statistics.weights import coin_flips, generator, multinomial_counts

Key = tuple[str, int, str]


def multinomial(name: str, size: int, num_examples: int) -> npt.NDArray[np.uint8]:
    return multinomial_counts((name,), size, [num_examples])[num_examples]


# one example; too few for Poisson counts; some of both; a test set of a real size
@pytest.mark.parametrize("num_examples", [1, 7, 40, 1000])
def test_counts_are_multinomial(num_examples: int) -> None:
    size = 40_000
    counts_BN = multinomial("counts", size, num_examples)
    assert (counts_BN.sum(axis=1, dtype=int) == num_examples).all()
    # of some examples together with their squares: pairs covary by -1 / N
    some = counts_BN[:, : min(num_examples, 40)].astype(float)
    width = some.shape[1]
    covariance = (some - 1).T @ (some - 1) / size
    expected = np.eye(width) - 1 / num_examples
    # standard errors: of a variance of Poisson counts sqrt(3 / B), of a covariance sqrt(1 / B)
    error = np.where(np.eye(width), np.sqrt(3 / size), np.sqrt(1 / size))
    assert np.abs(some.mean(0) - 1).max() <= 4.5 / np.sqrt(size)
    assert (np.abs(covariance - expected) <= 4.5 * error).all()


@pytest.mark.parametrize("num_examples", [7, 40, 1000])
def test_counts_have_the_binomial_distribution(num_examples: int) -> None:
    counts_BN = multinomial("one", 40_000, num_examples)
    # the first example, the last, and both together; counts are seldom above 3
    ends = counts_BN[:, 0], counts_BN[:, -1]
    for counts_B, chance in ((ends[0], 1), (ends[1], 1), (ends[0] + ends[1], 2)):
        share = stats.binom(num_examples, chance / num_examples)
        found = np.bincount(np.minimum(counts_B, 4), minlength=5)
        expected = 40_000 * np.array([*share.pmf(range(4)), share.sf(3)])
        assert stats.chisquare(found, expected).pvalue > 0.001


def test_sizes_of_a_band_are_drawn_alike_whatever_others_there_are() -> None:
    both = multinomial_counts(("band",), 200, [1100, 2000])
    for number, counts_BN in both.items():
        np.testing.assert_array_equal(counts_BN, multinomial("band", 200, number))
        assert (counts_BN.sum(axis=1, dtype=int) == number).all()
    # most of the draws are the same, and the others are not
    same = (both[1100] == both[2000][:, :1100]).mean()
    assert 0.8 < same < 1


def test_rare_counts_come_as_often_as_they_should() -> None:
    # counts of 6 and more are all drawn from what rounding leaves
    counts_BN = multinomial("rare", 10_000, 1000)
    for least in (5, 6, 7):
        expected = counts_BN.size * stats.binom(1000, 1 / 1000).sf(least - 1)
        found = int((counts_BN >= least).sum())
        assert abs(found - expected) <= 4.5 * np.sqrt(expected), least


def parts(num_examples: int, number: int, *, ones: bool = False) -> Counts:
    """Right, gold and predicted chunks of some sentences; or right answers."""
    draw = np.random.default_rng([num_examples, number])
    gold, found = draw.integers(0, 4, (2, num_examples))
    if ones:
        gold = found = np.full(num_examples, 1)
    right = draw.binomial(np.minimum(gold, found), 0.6)
    bottom = (gold + found).astype(float) / (2 if ones else 1)
    top = right.astype(float) * (1 if ones else 2)
    return Counts(tuple(map(str, range(num_examples))), top, bottom)


def plain_scores(cells: list[Counts], weights_BN: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Scores of cells by their definition."""
    return np.stack(
        [100 * (weights_BN @ one.numerator_N) / (weights_BN @ one.denominator_N) for one in cells]
    )


def test_scores_are_those_of_the_weights() -> None:
    cells = [parts(300, 1), parts(300, 2, ones=True), parts(300, 3, ones=True), parts(300, 1)]
    found = resampled_scores(cells, 500, "a name")
    # few enough to be drawn at once: the random numbers are those of the first test set
    weights_BN = multinomial_counts(("a name", "0"), 500, [300])[300]
    np.testing.assert_allclose(found, plain_scores(cells, weights_BN), rtol=1e-5)
    np.testing.assert_array_equal(found[0], found[3])


def test_scores_have_the_quantiles_of_plain_draws() -> None:
    cells = [parts(400, 1), parts(400, 2)]
    found = resampled_scores(cells, 40_000, "quantiles")
    drawn = np.random.default_rng(0).integers(0, 400, (40_000, 400))
    drawn += np.arange(40_000)[:, None] * 400
    weights_BN = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
    plain = plain_scores(cells, weights_BN)
    for one, other in [*zip(found, plain, strict=True), (found[0] - found[1], plain[0] - plain[1])]:
        assert stats.ks_2samp(one, other).pvalue > 0.001


def test_threads_change_nothing() -> None:
    cells = [parts(2000, number) for number in range(3)]
    one, three = (resampled_scores(cells, 9000, "name", num_threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one, three)


def sample(cells: dict[Key, Counts], size: int) -> Sample:
    scores = {key: one.value() for key, one in cells.items()}
    return Sample("panx/test", scores, cells, {}, size)


def drawn(one: Sample, strategy: str, language: str) -> npt.NDArray[np.floating]:
    found = one.difference(strategy, None, among=[language]).draws_BS
    assert found is not None
    return found[:, 0]


def test_other_examples_are_drawn_independently_and_the_same_together() -> None:
    # equal numbers by example, so that equal weights would give equal scores
    base, other_ids = parts(200, 1), tuple(f"other-{at}" for at in range(200))
    elsewhere = Counts(other_ids, base.numerator_N, base.denominator_N)
    cells: dict[Key, Counts] = {
        ("none", 1, "en"): base,
        ("mnli", 1, "en"): parts(200, 2),
        ("none", 1, "de"): base,
        **{
            ("none", 1, f"x{at}"): Counts(
                tuple(f"{at}-{i}" for i in other_ids), base.numerator_N, base.denominator_N
            )
            for at in range(8)
        },
        ("none", 1, "sw"): elsewhere,
    }
    size = 20_000
    one = sample(cells, size)
    english = drawn(one, "none", "en")
    np.testing.assert_array_equal(english, drawn(one, "none", "de"))
    names = ["en", "sw", *(f"x{at}" for at in range(8))]
    draws = np.stack([drawn(one, "none", name) for name in names])
    correlation = np.corrcoef(draws) - np.eye(len(names))
    assert np.abs(correlation).max() <= 4.5 / np.sqrt(size)
    # the mean over languages varies as much as independent draws say
    mean = draws.mean(0)
    assert mean.var() == pytest.approx(draws[0].var() / len(names), rel=4.5 * np.sqrt(2 / size))


def test_no_two_languages_share_a_test_set_however_few_there_are() -> None:
    base = parts(50, 1)
    names = [f"l{at}" for at in range(60)]
    cells: dict[Key, Counts] = {
        ("none", 1, name): Counts(
            tuple(f"{name}-{at}" for at in range(50)), base.numerator_N, base.denominator_N
        )
        for name in names
    }
    one = sample(cells, 1000)
    rows = {drawn(one, "none", name).tobytes() for name in names}
    assert len(rows) == len(names)


def test_draws_follow_from_names_whatever_else_there_is() -> None:
    other = parts(100, 2)
    cells: dict[Key, Counts] = {
        ("none", 1, "en"): parts(100, 1),
        ("none", 1, "de"): parts(90, 2),
        ("none", 1, "sw"): replace(other, ids=tuple(f"sw-{name}" for name in other.ids)),
    }
    every, alone = sample(cells, 1000), sample({key: cells[key] for key in list(cells)[:1]}, 1000)
    np.testing.assert_array_equal(drawn(every, "none", "en"), drawn(alone, "none", "en"))


def test_languages_of_about_the_same_size_are_drawn_independently() -> None:
    # the first examples have the same ids, answers and, before the shift, nearly the same draws
    large, size = parts(500, 1), 20_000
    small = Counts(large.ids[:400], large.numerator_N[:400], large.denominator_N[:400])
    one = sample({("none", 1, "en"): large, ("none", 1, "de"): small}, size)
    found = np.corrcoef(drawn(one, "none", "en"), drawn(one, "none", "de"))[0, 1]
    assert abs(found) <= 4.5 / np.sqrt(size)


def test_swapped_scores_are_those_of_swapped_examples() -> None:
    cells = [parts(300, number) for number in range(3)]
    found = Swaps(cells, 200, "a name").differences([0, 1], [2, 0])
    swap_BN = coin_flips(generator("a name", "0"), 200, 300).astype(bool)
    assert swap_BN.mean() == pytest.approx(0.5, abs=4.5 * 0.5 / np.sqrt(swap_BN.size))
    for row, (first, second) in enumerate(((0, 2), (1, 0))):
        sides = [(cells[first], cells[second]), (cells[second], cells[first])]
        scores = [
            100
            * np.where(swap_BN, two.numerator_N, one.numerator_N).sum(1)
            / np.where(swap_BN, two.denominator_N, one.denominator_N).sum(1)
            for one, two in sides
        ]
        np.testing.assert_allclose(found[row], scores[0] - scores[1], atol=1e-4)
