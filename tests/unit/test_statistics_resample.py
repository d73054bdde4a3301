"""Bootstrap samples are draws with replacement, the same for all models."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from scipy import stats

from xstilts.metrics.class_f1 import f1_over_classes
from xstilts.statistics import resample
from xstilts.statistics.counts import Counts, example_counts
from xstilts.statistics.resample import Swaps, bootstrap_scores
from xstilts.statistics.target_scores import TargetScores
from xstilts.statistics.weights import WORD, bootstrap_counts, coin_flips, seeds_of

Key = tuple[str, int, str]


def names(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))


def test_counts_are_independent_poisson_numbers() -> None:
    size = 640 * WORD
    counts_GB = bootstrap_counts(seeds_of(names(40), "counts"), 0, size).astype(float)
    # a Poisson distribution with mean 1: shares of each count
    for count in range(6):
        expected = stats.poisson.pmf(count, 1)
        error = np.sqrt(expected / counts_GB.size)
        assert abs((counts_GB == count).mean() - expected) <= 4.5 * error + 2**-16
    # neither clusters nor samples depend on each other
    covariance = (counts_GB - 1) @ (counts_GB - 1).T / size
    # standard errors: of a variance of Poisson counts sqrt(3 / B), of a covariance sqrt(1 / B)
    error_GG = np.where(np.eye(40), np.sqrt(3 / size), np.sqrt(1 / size))
    assert (np.abs(covariance - np.eye(40)) <= 4.5 * error_GG).all()
    centred = counts_GB - 1
    for step in (1, 4, 64):
        lag = (centred[:, step:] * centred[:, :-step]).mean()
        assert abs(lag) <= 4.5 / np.sqrt(centred.size)


def test_a_stream_depends_on_its_names_alone() -> None:
    several = bootstrap_counts(seeds_of(["b", "a"], "xnli/test"), 0, 2 * WORD)
    alone = bootstrap_counts(seeds_of(["a"], "xnli/test"), WORD, WORD)
    np.testing.assert_array_equal(several[1:, WORD:], alone)
    other = bootstrap_counts(seeds_of(["a"], "xquad/test"), WORD, WORD)
    assert (alone != other).any()


@pytest.mark.parametrize(("metric", "which"), [("macro_f1", 0), ("weighted_f1", 1)])
def test_means_over_classes_are_those_of_the_resampled_and_swapped_labels(
    metric: str, which: int
) -> None:
    draw = np.random.default_rng(1)
    gold = draw.choice(["a", "a", "b"], 40).tolist()
    # the second model predicts a class that the other never does
    models = [draw.choice(list(labels), 40).tolist() for labels in ("aab", "abx")]
    ids = [f"{number:02}" for number in range(40)]
    tables = [pa.table({"id": ids, "gold": gold, "prediction": model}) for model in models]
    counts = [example_counts("classification", metric, table) for table in tables]
    assert all(isinstance(one, Counts) for one in counts)

    def f1(labels: list[str], times: npt.NDArray[np.float32]) -> float:
        drawn = np.repeat(np.arange(40), times.astype(int))
        return f1_over_classes([gold[i] for i in drawn], [labels[i] for i in drawn])[which]

    times_GB = bootstrap_counts(seeds_of(ids, "x"), 0, WORD)
    expected = [[f1(model, times_G) for times_G in times_GB.T] for model in models]
    found = bootstrap_scores(counts, WORD, "x")
    np.testing.assert_allclose(found, expected, atol=1e-3)

    swaps_GB = coin_flips(seeds_of(ids, "y"), 0, WORD).astype(int)
    ones = np.ones(40, np.float32)
    [differences_B] = Swaps(counts, WORD, "y").differences([0], [1])
    for swapped_G, value in zip(swaps_GB.T, differences_B, strict=True):
        first, second = (
            [models[side ^ swap][i] for i, swap in enumerate(swapped_G)] for side in (0, 1)
        )
        assert value == pytest.approx(f1(first, ones) - f1(second, ones), abs=1e-3)


def parts(num_examples: int, number: int, *, ones: bool = False) -> Counts:
    """Counts of right, gold and predicted chunks by sentence; or of right answers."""
    draw = np.random.default_rng([num_examples, number])
    gold, found = draw.integers(0, 4, (2, num_examples))
    if ones:
        gold = found = np.full(num_examples, 1)
    right = draw.binomial(np.minimum(gold, found), 0.6)
    bottom = (gold + found).astype(float) / (2 if ones else 1)
    top = right.astype(float) * (1 if ones else 2)
    return Counts(tuple(map(str, range(num_examples))), top, bottom)


def plain_scores(
    cells: list[Counts], weights_GB: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Scores of cells by their definition."""
    return np.stack(
        [100 * (one.numerator_N @ weights_GB) / (one.denominator_N @ weights_GB) for one in cells]
    )


def test_scores_are_those_of_the_weights() -> None:
    cells = [parts(300, 1), parts(300, 2, ones=True), parts(300, 3, ones=True), parts(300, 1)]
    found = bootstrap_scores(cells, 500, "a name")
    weights_GB = bootstrap_counts(seeds_of(cells[0].ids, "a name"), 0, 512)[:, :500]
    np.testing.assert_allclose(found, plain_scores(cells, weights_GB), rtol=1e-5)
    np.testing.assert_array_equal(found[0], found[3])


def test_scores_do_not_depend_on_how_many_samples_are_in_memory_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cells = [parts(300, 1), parts(300, 2)]
    one, swapped = bootstrap_scores(cells, 500, "name"), Swaps(cells, 500, "name")
    monkeypatch.setattr(resample, "_WEIGHTS", 7 * 8 * 300)
    np.testing.assert_array_equal(one, bootstrap_scores(cells, 500, "name"))
    np.testing.assert_array_equal(
        swapped.differences([0], [1]), Swaps(cells, 500, "name").differences([0], [1])
    )


THREADS = """
import sys
import numpy as np
from xstilts.statistics.counts import Counts
from xstilts.statistics.resample import bootstrap_scores
answers = np.random.default_rng(0).random((40, 3001))
ids = tuple(map(str, range(3001)))
cells = [Counts(ids, one, np.ones(3001)) for one in answers]
sys.stdout.write(bootstrap_scores(cells, 999, "name").tobytes().hex())
"""


def test_the_number_of_threads_changes_nothing() -> None:
    library = str(Path(resample.__file__).parents[2])
    found = {
        subprocess.run(
            [sys.executable, "-c", THREADS],
            env={**os.environ, "PYTHONPATH": library, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(found) == 1


def target_scores(cells: dict[Key, Counts], size: int) -> TargetScores:
    scores = {key: one.value() for key, one in cells.items()}
    return TargetScores("panx/test", scores, cells, {}, size)


def drawn(one: TargetScores, strategy: str, language: str) -> npt.NDArray[np.floating]:
    found = one.difference(strategy, None, among=[language]).replicates_BS
    assert found is not None
    return found[:, 0]


def test_other_examples_are_drawn_independently_and_the_same_together() -> None:
    # equal counts by example, so that equal weights would give equal scores
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
    one = target_scores(cells, size)
    english = drawn(one, "none", "en")
    np.testing.assert_array_equal(english, drawn(one, "none", "de"))
    names = ["en", "sw", *(f"x{at}" for at in range(8))]
    draws = np.stack([drawn(one, "none", name) for name in names])
    correlation = np.corrcoef(draws) - np.eye(len(names))
    assert np.abs(correlation).max() <= 4.5 / np.sqrt(size)
    # the mean over languages varies as much as independent draws say
    mean = draws.mean(0)
    assert mean.var() == pytest.approx(draws[0].var() / len(names), rel=4.5 * np.sqrt(2 / size))


def test_draws_depend_only_on_names() -> None:
    other = parts(100, 2)
    cells: dict[Key, Counts] = {
        ("none", 1, "en"): parts(100, 1),
        ("none", 1, "de"): parts(90, 2),
        ("none", 1, "sw"): replace(other, ids=tuple(f"sw-{name}" for name in other.ids)),
    }
    every, alone = (
        target_scores(cells, 1000),
        target_scores({key: cells[key] for key in list(cells)[:1]}, 1000),
    )
    np.testing.assert_array_equal(drawn(every, "none", "en"), drawn(alone, "none", "en"))


def test_a_sample_without_any_cluster_keeps_the_score() -> None:
    one = Counts(("a", "b"), np.array([1.0, 0.0]), np.ones(2))
    found = bootstrap_scores([one], 2000, "few")
    # both, one, or none of the two are drawn
    assert set(np.round(found[0])) >= {0, 50, 100}
    weights_GB = bootstrap_counts(seeds_of(one.ids, "few"), 0, 2048)[:, :2000]
    nothing = weights_GB.sum(0) == 0
    assert nothing.mean() == pytest.approx(np.exp(-2), abs=0.03)
    assert (found[0, nothing] == 50).all()


def test_swapped_scores_are_those_of_swapped_examples() -> None:
    cells = [parts(300, number) for number in range(3)]
    found = Swaps(cells, 200, "a name").differences([0, 1], [2, 0])
    swap_BN = coin_flips(seeds_of(cells[0].ids, "a name"), 0, 256)[:, :200].T.astype(bool)
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
