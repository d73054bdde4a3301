"""Numbers as texts: the only place that writes a sign."""

from __future__ import annotations

import math

DASH = "—"
"""Stands for a number that there is not."""


def signed(value: float, decimals: int = 1) -> str:
    """``+1.2`` or ``-0.3``; what rounds to zero is ``+0.0``, never ``-0.0``."""
    # adding 0 turns -0.0, the rounding of a small negative number, into 0.0
    return f"{round(value, decimals) + 0.0:+.{decimals}f}"


def number(value: float) -> str:
    """One decimal; a dash for NaN."""
    return DASH if math.isnan(value) else signed(value).removeprefix("+")


def difference(value: float) -> str:
    """One decimal, with its sign; a dash for NaN."""
    return DASH if math.isnan(value) else signed(value)


def interval(low: float, high: float) -> str:
    """``[-0.4, +1.2]``; a dash for NaN."""
    return DASH if math.isnan(low) else f"[{signed(low)}, {signed(high)}]"


def p_value(value: float) -> str:
    """Three decimals, or ``<0.001``; a dash for NaN."""
    if math.isnan(value):
        return DASH
    return "<0.001" if value < 0.001 else f"{value:.3f}"
