"""Numbers as texts."""

from __future__ import annotations

import math

import pytest

from xstilts.numbers import difference, interval, number, signed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.23, "+1.2"),
        (-0.3, "-0.3"),
        (-0.04, "+0.0"),
        (-0.0, "+0.0"),
        (0.04, "+0.0"),
        (-12, "-12.0"),
    ],
)
def test_a_signed_number_is_never_minus_zero(value: float, expected: str) -> None:
    assert signed(value) == difference(value) == expected


def test_decimals_intervals_and_what_is_not_known() -> None:
    assert (signed(-0.004, 2), signed(-0.4, 0), signed(-0.6, 0)) == ("+0.00", "+0", "-1")
    assert interval(-1.74, -0.01) == "[-1.7, +0.0]"
    assert (number(-0.04), number(61.25), number(-3.0)) == ("0.0", "61.2", "-3.0")
    assert number(math.nan) == difference(math.nan) == interval(math.nan, math.nan) == "—"
