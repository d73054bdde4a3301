"""How a difference to the baseline is written, with its uncertainty; and how strong its colour."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from xstilts.numbers import interval

if TYPE_CHECKING:
    import pandas as pd


def uncertainty_text(row: Mapping[Hashable, Any]) -> str:
    """The uncertainty of a row's difference: its interval and verdict, else its deviation.

    `` [+0.4, +2.0], better``, `` (sd 0.8 over 3 seeds)`` or `` (one seed)``; empty where the row
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
    return f" (sd {sd:.1f} over {int(row['num_seeds'])} seeds)"


def extent(deltas: pd.Series[Any]) -> float:
    """The difference, in points, that gets the full colour: all but the largest stay below."""
    found = deltas.dropna().abs()
    return max(1.0, float(math.ceil(found.quantile(0.95)))) if len(found) else 1.0
