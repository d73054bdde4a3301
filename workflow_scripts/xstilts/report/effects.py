"""Format of differences from the baseline: uncertainty and strength of colour."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from xstilts.numbers import interval

if TYPE_CHECKING:
    import pandas as pd


def uncertainty_text(row: Mapping[Hashable, Any]) -> str:
    """The uncertainty of a row's difference: interval and verdict, else the standard deviation.

    `` [+0.4, +2.0], helps``, `` (s.d. 0.8 over 3 seeds)`` or `` (one seed)``; empty if the row
    has neither.
    """
    if not math.isnan(row.get("low", math.nan)):
        verdict = f", {row['verdict']}" if row.get("verdict") else ""
        return f" {interval(row['low'], row['high'])}{verdict}"
    sd = row.get("delta_sd")
    if sd is None:
        return ""
    if math.isnan(sd):
        return " (one seed)"
    return f" (s.d. {sd:.1f} over {int(row['num_seeds'])} seeds)"


def extent(deltas: pd.Series[Any]) -> float:
    """The difference, in points, of the full colour: 95 % of the differences stay below it."""
    found = deltas.dropna().abs()
    return max(1.0, float(math.ceil(found.quantile(0.95)))) if len(found) else 1.0
