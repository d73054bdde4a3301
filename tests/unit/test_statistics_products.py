"""Sums with weights are the same by bytes and by floating-point numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from xstilts.statistics import products
from xstilts.statistics.counts import Counts
from xstilts.statistics.products import Rows, product_for
from xstilts.statistics.resample import resampled_scores

if TYPE_CHECKING:
    from xstilts.statistics.products import Product


def plain(
    digits_DN: npt.NDArray[np.int8], weights_BN: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int32]:
    """The product of bytes by its definition."""
    assert digits_DN.dtype == np.int8
    assert digits_DN.min() >= 0
    return digits_DN.astype(np.int32) @ weights_BN.T.astype(np.int32)


def weights(num_examples: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(1).poisson(1, (50, num_examples)).astype(np.uint8)


# one digit, two, three; nothing at all
@pytest.mark.parametrize("largest", [1, 127, 128, 16_383, 16_384, 0])
def test_whole_numbers_are_summed_exactly(largest: int) -> None:
    values_KN = np.random.default_rng(0).integers(0, largest + 1, (5, 70)).astype(np.float32)
    values_KN[0] = largest
    values_KN[1] = 1
    found_KB = Rows(values_KN, plain).sums(weights(70))
    np.testing.assert_array_equal(found_KB, values_KN @ weights(70).T.astype(np.float32))


def test_fractions_are_summed_as_finely_as_in_single_precision() -> None:
    random = np.random.default_rng(0)
    # answers, among them whole ones; rows of whole numbers beside them
    answers_N = random.choice([0, 1, 1 / 3, 2 / 3, 0.8], 900)
    values_KN = np.stack([answers_N, np.ones(900), random.random(900), 300 * answers_N])
    values_KN = values_KN.astype(np.float32)
    found_KB = Rows(values_KN, plain).sums(weights(900))
    exact_KB = values_KN.astype(np.float64) @ weights(900).T
    np.testing.assert_allclose(found_KB, exact_KB, rtol=5e-7)
    np.testing.assert_array_equal(found_KB[1], exact_KB[1])


@pytest.mark.parametrize("num_examples", [7, 333])
def test_this_machines_product_is_exact(num_examples: int) -> None:
    product = product_for(1e15)
    if product is None:
        pytest.skip("this processor multiplies no bytes")
    digits_DN = np.random.default_rng(0).integers(0, 128, (9, num_examples)).astype(np.int8)
    found_DB = product(digits_DN, weights(num_examples))
    np.testing.assert_array_equal(found_DB, plain(digits_DN, weights(num_examples)))


# torch's leaves the result as it was for a single example
@pytest.mark.parametrize("product", [product_for(1e15), lambda a, b: plain(a, b) | 1])
def test_a_product_that_is_wrong_is_not_used(product: Product | None) -> None:
    values_KN = np.random.default_rng(0).integers(0, 9, (6, 1)).astype(np.float32)
    found_KB = Rows(values_KN, product).sums(weights(1))
    np.testing.assert_array_equal(found_KB, values_KN @ weights(1).T.astype(np.float32))


def test_each_number_of_test_sets_is_checked() -> None:
    def right_for_fifty(
        digits_DN: npt.NDArray[np.int8], weights_BN: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.int32]:
        return plain(digits_DN, weights_BN) + np.int32(len(weights_BN) != 50)

    rows = Rows(np.ones((2, 30), np.float32), right_for_fifty)
    for weights_BN in (weights(30), weights(30)[:20], weights(30)):
        np.testing.assert_array_equal(rows.sums(weights_BN)[0], weights_BN.sum(axis=1))


def test_scores_do_not_depend_on_the_product() -> None:
    random = np.random.default_rng(0)
    ids = tuple(map(str, range(300)))
    tops, bottoms = random.integers(0, 200, (2, 4, 300)).astype(float)
    cells = [Counts(ids, top, top + bottom) for top, bottom in zip(tops, bottoms, strict=True)]
    one, other = (resampled_scores(cells, 2000, "name", product=p) for p in (None, plain))
    np.testing.assert_array_equal(one, other)


def test_torch_is_not_asked_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise AssertionError

    monkeypatch.setattr(products.importlib, "import_module", fail)
    assert product_for(1000) is None


@pytest.mark.parametrize("missing", ["torch", "instructions", "product"])
def test_without_a_product_of_bytes_numbers_are_multiplied(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    if missing == "torch":
        monkeypatch.setattr(products.importlib.util, "find_spec", lambda _: None)
    if missing == "instructions":
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    if missing == "product":
        monkeypatch.delattr(torch, "_int_mm")
    products._product_of_bytes.cache_clear()
    try:
        assert product_for(1e15) is None
    finally:
        products._product_of_bytes.cache_clear()
