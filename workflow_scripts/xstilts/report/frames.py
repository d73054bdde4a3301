"""The tables of a study, read once for all sections of the report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from xstilts.comparisons.registry import load_comparisons
from xstilts.files import is_present
from xstilts.results.tables import AVERAGE
from xstilts.schema_metadata import require_undamaged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xstilts.report.source import Source
    from xstilts.results.pivot import Summary

_CELL = ["model", "strategy", "target"]
_EFFECT = ["low", "high", "p", "p_holm", "verdict"]


@dataclass(frozen=True)
class Frames:
    """The tables, each in the order in which it was written."""

    transfer: pd.DataFrame
    """One row per model, strategy and target, with the columns of the effects (empty if a study
    has none)."""
    languages: pd.DataFrame
    layers: pd.DataFrame
    results: pd.DataFrame
    """All result rows."""
    trivial_baselines: pd.DataFrame
    """The trivial baselines, a row per target, baseline and language."""
    summaries: Mapping[str, Summary]
    """The comparisons that have rows, as texts, in the order of the report."""
    sources: pd.DataFrame
    """Training languages by evaluation languages; empty if a study has no such contrasts."""
    scale: pd.DataFrame
    """Gains by size of the base model; empty if sizes are unknown."""
    source: Source

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Per model, strategy, target and seed, the mean ``score`` over its languages."""
        found = self.headline.groupby([*_CELL, "seed"], sort=False)["value"].mean()
        return found.rename("score").reset_index()

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Per model, strategy, target and seed: source language minus the mean of the others.

        Targets that are not evaluated in the source language, or only in it, have no gap.
        """
        rows = self.headline
        is_source = rows["language"] == self.source.source_language
        by = [*_CELL, "seed"]
        own = rows[is_source].groupby(by, sort=False)["value"].mean().rename("own").reset_index()
        others = rows[~is_source].groupby(by, sort=False)["value"].mean().rename("others")
        both = own.merge(others.reset_index(), on=by)
        return both.assign(gap=both["own"] - both["others"])[[*by, "gap"]]

    @cached_property
    def headline(self) -> pd.DataFrame:
        """Result rows of the headline metrics."""
        return self.results[self.results["headline"]]

    @property
    def targets(self) -> list[str]:
        """Targets in the study's order."""
        return [name for name in dict.fromkeys(self.transfer["target"]) if name != AVERAGE]


def read_transfer(folder: Path) -> pd.DataFrame:
    """Read the transfer table of a folder, with the effects if they were computed."""
    effects = _optional(folder / "effects.parquet")
    transfer = _read(folder / "transfer.parquet")
    if effects is None:
        return transfer.assign(low=float("nan"), high=float("nan"), verdict="")
    columns = [name for name in _EFFECT if name in effects]
    transfer = transfer.merge(effects[[*_CELL, *columns]], how="left", on=_CELL)
    return transfer.assign(verdict=transfer["verdict"].fillna(""))


def read_frames(source: Source) -> Frames:
    """Read the tables of a study, with its comparisons as far as they were computed."""
    folder = source.tables
    comparisons = load_comparisons()
    found = {name: _optional(folder / f"{name}.parquet") for name in comparisons}
    rows = {name: table for name, table in found.items() if table is not None and len(table)}
    return Frames(
        transfer=read_transfer(folder),
        languages=_read(folder / "languages.parquet"),
        layers=_read(folder / "layers.parquet"),
        results=_read(folder / "results.parquet"),
        trivial_baselines=_read(folder / "trivial_baselines.parquet"),
        summaries={
            name: comparisons[name].summarise(table, source.header) for name, table in rows.items()
        },
        sources=rows.get("sources", pd.DataFrame()),
        scale=rows.get("scale", pd.DataFrame()),
        source=source,
    )


def _optional(path: Path) -> pd.DataFrame | None:
    return _read(path) if is_present(path) else None


def _read(path: Path) -> pd.DataFrame:
    """Read a table, after checking that it is not damaged."""
    require_undamaged(path, strict=True)
    return pd.read_parquet(path)
