"""Remarks on a table: degenerate predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.metrics.trivial import COMMONEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


_LISTED = 15
"""Maximum number of languages that are listed if all languages of a cell have the remark."""


def remarks(rows: pd.DataFrame) -> list[str]:
    """Sentences on the models that predict one label for every example of a language.

    Args:
        rows: result rows, from ``collect``.
    """
    shares = rows[rows["metric"] == COMMONEST]
    cells = "; ".join(_cells(shares))
    text = f"Degenerate predictions (one label for every example): {cells}."
    return [text] if cells else []


def _cells(shares: pd.DataFrame) -> Iterator[str]:
    keys = ["model", "strategy", "target", "seed"]
    for (model, strategy, target, seed), group in shares.groupby(keys, sort=False):
        found = group[group["value"] == 100]["language"]
        languages = f"language{'s' if len(found) > 1 else ''} {', '.join(found)}"
        if len(found) == len(group) > _LISTED:
            languages = f"all {len(group)} languages"
        if len(found):
            yield f"{model}, {strategy} → {target}, seed {seed}, {languages}"
