"""Sums of rows of numbers with the weights of many test sets: products of matrices.

Weights are small whole numbers, and most rows are, too: right answers, counts of chunks. Processors
multiply bytes several times as fast as floating-point numbers, and exactly. So rows are taken apart
into digits of seven bits where the product of bytes is at hand.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Product = Callable[[npt.NDArray[np.int8], npt.NDArray[np.uint8]], npt.NDArray[np.int32]]
    """Rows [D, N] and weights below 128 [B, N] to their exact product, [D, B]."""

_BITS = 7
"""Of a digit."""
_STEP = 2.0**-21
"""What rows of fractions are rounded to: three digits below one, as fine as single precision."""
_MANY = 1e11
"""Products of numbers from which on torch is worth its import: as long as they take without it."""


class Rows:
    """Rows of numbers (K of them) over equally many examples (N)."""

    def __init__(self, values_KN: npt.NDArray[np.float32], product: Product | None = None) -> None:
        """Take the rows apart.

        Args:
            values_KN: numbers, none below zero.
            product: of bytes; without one, or where it is wrong, floating-point numbers are
                multiplied.
        """
        self.values_KN, self._product = values_KN, product
        self._right: set[int] = set()
        """Numbers of test sets with which the product was checked."""
        self._digits: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]] = []
        """For each digit the rows that have it, and its place value in each."""
        if product is None:
            return
        whole_K = (values_KN == np.floor(values_KN)).all(axis=1)
        place_K = np.where(whole_K, 1, _STEP)
        left_KN = np.rint(values_KN / place_K[:, None]).astype(np.int32)
        rows, digits = np.arange(len(values_KN)), []
        while rows.size:
            self._digits.append((rows, place_K[rows].astype(np.float32)))
            digits.append((left_KN & (2**_BITS - 1)).astype(np.int8))
            left_KN >>= _BITS
            place_K = place_K * 2**_BITS
            more = left_KN.any(axis=1)
            rows, left_KN = rows[more], left_KN[more]
        self._digits_DN = np.concatenate(digits)

    def sums(self, weights_BN: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Each row's weighted sum, [K, B]; exact for whole numbers of sums below 2**24."""
        found_DB = self._checked(weights_BN)
        if found_DB is None:
            return self.values_KN @ weights_BN.astype(np.float32).T
        # every row has a first digit
        first = len(self.values_KN)
        sums_KB = found_DB[:first].astype(np.float32)
        sums_KB *= self._digits[0][1][:, None]
        for rows, place in self._digits[1:]:
            sums_KB[rows] += found_DB[first : first + len(rows)].astype(np.float32) * place[:, None]
            first += len(rows)
        return sums_KB

    def _checked(self, weights_BN: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32] | None:
        """The digits' sums, [D, B]; None without a product that is right for these shapes."""
        if self._product is None:
            return None
        found_DB = self._product(self._digits_DN, weights_BN)
        if len(weights_BN) not in self._right:
            if not _adds_up(self._digits_DN, weights_BN, found_DB):
                self._product = None
                return None
            self._right.add(len(weights_BN))
        return found_DB


def _adds_up(
    digits_DN: npt.NDArray[np.int8],
    weights_BN: npt.NDArray[np.uint8],
    found_DB: npt.NDArray[np.int32],
) -> bool:
    """Whether each row and each column of a product has the sum that it must have.

    Source: Huang and Abraham 1984, "Algorithm-Based Fault Tolerance for Matrix Operations".
    """
    of_rows_D = np.einsum("dn,n->d", digits_DN, weights_BN.sum(axis=0, dtype=np.int64))
    of_columns_B = np.einsum("bn,n->b", weights_BN, digits_DN.sum(axis=0, dtype=np.int64))
    return np.array_equal(found_DB.sum(axis=1, dtype=np.int64), of_rows_D) and np.array_equal(
        found_DB.sum(axis=0, dtype=np.int64), of_columns_B
    )


def product_for(number: float) -> Product | None:
    """The product of bytes, if it is at hand and worth it for so many products of numbers."""
    return _product_of_bytes() if number > _MANY else None


@cache
def _product_of_bytes() -> Product | None:
    """Torch's, on processors with instructions for it.

    It is not public and was wrong for some shapes and processors (pytorch issues 136746, 195066),
    so ``Rows`` checks the first of each shape.
    """
    if not importlib.util.find_spec("torch"):
        return None
    # by name: what comes without torch is right without it
    torch: Any = importlib.import_module("torch")
    # without the instructions it multiplies one by one
    multiply = getattr(torch, "_int_mm", None)
    abilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if multiply is None or not abilities.get("avx512_vnni"):
        return None

    def product(
        digits_DN: npt.NDArray[np.int8], weights_BN: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.int32]:
        # of the calling thread: callers have threads of their own
        torch.set_num_threads(1)
        weights = torch.from_numpy(weights_BN.view(np.int8))
        found: npt.NDArray[np.int32] = multiply(torch.from_numpy(digits_DN), weights.T).numpy()
        return found

    return product
