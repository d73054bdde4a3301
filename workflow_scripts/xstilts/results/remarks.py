"""Sentences that stand beside a table: predictions that are all alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.metrics.trivial import COMMONEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


def remarks(rows: pd.DataFrame) -> list[str]:
    """Sentences for beside a table: where all predictions are alike.

    Args:
        rows: result rows, from ``collect``.
    """
    found = rows[(rows["metric"] == COMMONEST) & (rows["value"] == 100)]
    places = list(_places(found))
    return [f"The same answer for every example: {'; '.join(places)}."] if places else []


def _places(found: pd.DataFrame) -> Iterator[str]:
    keys = ["model", "strategy", "target", "seed"]
    for (model, strategy, target, seed), group in found.groupby(keys, sort=False):
        yield f"{model} / {strategy} / {target}, seed {seed}: {', '.join(group['language'])}"
