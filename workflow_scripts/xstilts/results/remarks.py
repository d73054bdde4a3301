"""Sentences that stand beside a table: chance per target, and predictions that are all alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.metrics.guards import CHANCE, COMMONEST, MAJORITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


def remarks(rows: pd.DataFrame) -> list[str]:
    """Sentences for beside a table: chance per target, and where all predictions are alike.

    Args:
        rows: result rows, from ``collect``.
    """
    return [text for text in (_chances(rows), _alike(rows)) if text]


def _chances(rows: pd.DataFrame) -> str:
    found = rows[rows["metric"].isin([CHANCE, MAJORITY])]
    means = found.groupby(["target", "metric"], sort=False)["value"].mean()
    parts = []
    for target in dict.fromkeys(found["target"]):
        text = f"{target} {means[target, CHANCE]:.1f}"
        if (target, MAJORITY) in means:
            text += f" (most frequent answer {means[target, MAJORITY]:.1f})"
        parts.append(text)
    return f"Chance: {', '.join(parts)}." if parts else ""


def _alike(rows: pd.DataFrame) -> str:
    found = rows[(rows["metric"] == COMMONEST) & (rows["value"] == 100)]
    places = list(_places(found))
    return f"The same answer for every example: {'; '.join(places)}." if places else ""


def _places(found: pd.DataFrame) -> Iterator[str]:
    keys = ["model", "strategy", "target", "seed"]
    for (model, strategy, target, seed), group in found.groupby(keys, sort=False):
        yield f"{model} / {strategy} / {target}, seed {seed}: {', '.join(group['language'])}"
