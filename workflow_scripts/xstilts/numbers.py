"""Formatting of numbers, differences, intervals and p-values."""

from __future__ import annotations

import math

DASH = "—"
"""Shown for a missing number."""


def signed(value: float, decimals: int = 1) -> str:
    """Return ``+1.2`` or ``-0.3``; values that round to zero are ``+0.0``, never ``-0.0``."""
    # adding 0 turns -0.0, the rounding of a small negative number, into 0.0
    return f"{round(value, decimals) + 0.0:+.{decimals}f}"


def number(value: float) -> str:
    """Return a number with one decimal; a dash for NaN."""
    return DASH if math.isnan(value) else signed(value).removeprefix("+")


def difference(value: float) -> str:
    """Return a difference with sign and one decimal; a dash for NaN."""
    return DASH if math.isnan(value) else signed(value)


def interval(low: float, high: float) -> str:
    """Return ``[-0.4, +1.2]``; a dash for NaN."""
    return DASH if math.isnan(low) else f"[{signed(low)}, {signed(high)}]"


def p_value(value: float) -> str:
    """Return three decimals, or ``<0.001``; a dash for NaN."""
    if math.isnan(value):
        return DASH
    return "<0.001" if value < 0.001 else f"{value:.3f}"
