"""What the report shows, from the table files alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from xstilts.results.pivot import Pivot, pivot
from xstilts.results.tables import AVERAGE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FULL_COLOUR = 5.0
"""Differences to the baseline of so many points, or more, get the strongest colour."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a heat map."""

    text: str
    shade: float
    """Difference to the baseline in [-1, 1] of full colour; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Block:
    """A table with colours: strategies by targets, languages or layers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Entry, ...]], ...]
    footnotes: tuple[str, ...]


def _block(rows: pd.DataFrame, title: str, column: str, columns: Iterable[Any]) -> Block:
    table: Pivot = pivot(rows, title, column, columns)
    deltas = {(row["strategy"], row[column]): row["delta"] for _, row in rows.iterrows()}
    return Block(
        title,
        tuple(str(name) for name in table.columns),
        tuple(
            (
                strategy,
                tuple(
                    Entry(text, _shade(deltas.get((strategy, name), math.nan)))
                    for name, text in zip(table.columns, entries, strict=True)
                ),
            )
            for strategy, entries in table.rows
        ),
        table.footnotes,
    )


def _shade(delta: float) -> float:
    return 0.0 if math.isnan(delta) else max(-1.0, min(1.0, delta / FULL_COLOUR))


def transfer_blocks(table: pd.DataFrame) -> list[Block]:
    """Strategies by targets, one block per base model."""
    blocks = []
    for model, rows in table.groupby("model", sort=False):
        columns = [name for name in dict.fromkeys(rows["target"]) if name != AVERAGE]
        columns += [AVERAGE] if len(columns) > 1 else []
        blocks.append(_block(rows, str(model), "target", columns))
    return blocks


def detail_blocks(table: pd.DataFrame, column: str) -> list[Block]:
    """Strategies by languages or layers, one block per base model and target."""
    return [
        _block(rows, f"{model}: {target}", column, dict.fromkeys(rows[column]))
        for (model, target), rows in table.groupby(["model", "target"], sort=False)
    ]


def answers(table: pd.DataFrame, baseline: str) -> list[str]:
    """Per base model, which strategy has the best average, with its spread over seeds."""
    sentences = []
    for model, rows in table[table["target"] == AVERAGE].groupby("model", sort=False):
        others = rows[(rows["strategy"] != baseline) & rows["delta"].notna()]
        if others.empty:
            sentences.append(f"{model}: no strategy can be compared with {baseline} yet.")
            continue
        best = others.sort_values("delta", ascending=False, kind="stable").iloc[0]
        seeds = int(best["num_seeds"])
        spread = "one seed, no spread known"
        if not math.isnan(best["delta_sd"]):
            spread = f"standard deviation {best['delta_sd']:.1f} between {seeds} seeds"
        caveat = "" if best["delta_complete"] else "; over an incomplete set"
        gain = "gains most" if best["delta"] > 0 else "loses least"
        sentences.append(
            f"{model}: on average over the targets, {best['strategy']} {gain}, "
            f"{best['delta']:+.1f} points to {baseline} ({spread}{caveat})."
        )
    return sentences


def coverage(table: pd.DataFrame) -> tuple[int, int]:
    """Numbers of (strategy, target, seed) with a result, and wanted."""
    rows = table[table["target"] != AVERAGE]
    return int(rows["num_seeds"].sum()), int(rows["expected_seeds"].sum())


def overlaps(path: Path) -> list[dict[str, Any]]:
    """The rows of the overlap audit that found something, the largest share first."""
    table = pd.read_csv(path, keep_default_na=False)
    found = table[table["overlapping"] > 0].copy()
    found["share"] = 100 * found["overlapping"] / found["examples"]
    found = found.sort_values(["share", "task", "language"], ascending=[False, True, True])
    return [{str(key): value for key, value in row.items()} for _, row in found.iterrows()]
