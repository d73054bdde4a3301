"""The cells of a study: expected scores, available scores, and reasons for missing ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.errors import UserError
from xstilts.results.schema import RESULT_SCHEMA
from xstilts.schema_metadata import require_undamaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One (model, strategy, target, seed), finished or not, and the scores expected of it."""

    model: str
    """Base model."""
    strategy: str
    chain: str
    """The intermediate stages of the strategy."""
    target: str
    seed: int
    metric: str
    """The target's headline metric."""
    languages: tuple[str, ...]
    """All languages that the average is over, in the order of the tables."""
    scores: Path
    """Parquet file of result rows; absent while the cell has no result."""
    reason: str | None = None
    """Why scores of this cell are missing, if known."""


LEFT_OUT = "left out: "
"""Start of the reason of cells that are not part of the study for lack of data."""

Scores = dict[tuple[str, str, str, int], dict[str, float]]
"""(model, strategy, target, seed) to language to value of one metric, in a cell's languages."""


def _read(cell: Cell) -> pd.DataFrame | None:
    """Read the result rows of a cell, with its own strategy name; None if it has none yet.

    Two strategies of a study may have the same chain and share the file.

    Raises:
        UserError: the file is damaged, not a table of result rows, or belongs to another cell.
    """
    if not cell.scores.exists():
        return None
    require_undamaged(cell.scores)
    try:
        rows = pq.read_table(cell.scores, partitioning=None).cast(RESULT_SCHEMA).to_pandas()
    except (pa.ArrowInvalid, ValueError) as error:
        raise UserError(
            f"{cell.scores}: not a table of result rows ({error}). "
            "Delete it to have it scored again."
        ) from None
    for field in ("model", "target", "seed"):
        expected, found = getattr(cell, field), sorted(set(rows[field]) - {getattr(cell, field)})
        if found:
            raise UserError(
                f"{cell.scores}: has rows of {field} {found[0]!r} where {expected!r} was expected. "
                "Was the file moved? Delete it to have it scored again."
            )
    return rows.assign(strategy=cell.strategy)


def collect(cells: Iterable[Cell]) -> pd.DataFrame:
    """All result rows that exist, in the order of the cells, with the columns of RESULT_SCHEMA.

    Raises:
        UserError: a score file is invalid, or one table would mix two studies or protocols.
    """
    frames = [frame for cell in cells if (frame := _read(cell)) is not None]
    if not frames:
        return RESULT_SCHEMA.empty_table().to_pandas()
    rows = pd.concat(frames, ignore_index=True)
    for field in ("study", "protocol"):
        if len(names := sorted(set(rows[field]))) > 1:
            raise UserError(
                f"score files of several {field} values cannot share a table: {', '.join(names)}. "
                "Score them again, or make one table for each."
            )
    return rows


def values_of(rows: pd.DataFrame, cells: Sequence[Cell], suffix: str = "") -> Scores:
    """The values of each cell's headline metric in its languages, for the cells that have any.

    Args:
        rows: result rows, from ``collect``.
        cells: cells of the table.
        suffix: appended to the name of the metric, as in ``@layer3``.
    """
    expected = {(c.model, c.strategy, c.target, c.seed): c for c in cells}
    # filter before the loop: a sweep over layers has many times more rows than one metric
    rows = rows[rows["metric"].isin({cell.metric + suffix for cell in cells})]
    columns = ("model", "strategy", "target", "seed", "language", "metric", "value")
    scores: Scores = {}
    for *key, language, metric, value in zip(*(rows[c].to_list() for c in columns), strict=True):
        group = (key[0], key[1], key[2], key[3])
        cell = expected.get(group)
        if cell and metric == cell.metric + suffix and language in cell.languages:
            scores.setdefault(group, {})[language] = value
    return scores


def reason_missing(cells: Sequence[Cell], scores: Scores, language: str | None = None) -> str:
    """Why scores of one (model, strategy, target) are missing; empty if none are.

    Args:
        cells: the cells of all seeds.
        scores: the available values.
        language: consider only this language.
    """
    seeds: dict[str, list[int]] = {}
    for cell in cells:
        found = scores.get((cell.model, cell.strategy, cell.target, cell.seed), {})
        expected = cell.languages if language is None else (language,)
        absent = [name for name in expected if name not in found]
        if not absent:
            continue
        reason = cell.reason or "not run yet"
        if found and language is None:
            reason = f"no {', '.join(absent)} ({reason})"
        seeds.setdefault(reason, []).append(cell.seed)
    if [len(cells)] == [len(numbers) for numbers in seeds.values()]:
        return next(iter(seeds))
    return "; ".join(
        f"seed {', '.join(map(str, numbers))}: {reason}" for reason, numbers in seeds.items()
    )
