"""Remarks on a table: degenerate predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.metrics.trivial import COMMONEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


def remarks(rows: pd.DataFrame) -> list[str]:
    """Sentences on the models that predict one label for every example of a language.

    Args:
        rows: result rows, from ``collect``.
    """
    found = rows[(rows["metric"] == COMMONEST) & (rows["value"] == 100)]
    cells = "; ".join(_cells(found))
    text = f"Degenerate predictions (one label for every example): {cells}."
    return [text] if cells else []


def _cells(found: pd.DataFrame) -> Iterator[str]:
    keys = ["model", "strategy", "target", "seed"]
    for (model, strategy, target, seed), group in found.groupby(keys, sort=False):
        languages = f"language{'s' if len(group) > 1 else ''} {', '.join(group['language'])}"
        yield f"{model}, {strategy} → {target}, seed {seed}, {languages}"
