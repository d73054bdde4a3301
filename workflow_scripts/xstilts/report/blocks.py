"""Tables of the page: texts, colours and links, from the tables of the study."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from xstilts.numbers import DASH, difference
from xstilts.report.effects import extent, uncertainty_text
from xstilts.report.links import cell_link
from xstilts.results.pivot import Pivot, pivot
from xstilts.results.render import language_pivots, transfer_pivots
from xstilts.results.tables import AVERAGE
from xstilts.results.trivial_baselines import trivial_baseline_pivots

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.report.frames import Frames
    from xstilts.results.pivot import Summary
    from xstilts.results.render import Header


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell of a table."""

    text: str
    shade: float = 0.0
    """Difference from the baseline as a fraction of full colour, -1 to 1; 0 if there is none."""
    uncertainty: str = ""
    """Uncertainty of the difference."""
    link: str = ""
    """Id of the element that it links to."""


@dataclass(frozen=True, slots=True)
class Block:
    """A table: strategies by targets, languages, layers or measures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Entry, ...]], ...]
    footnotes: tuple[str, ...] = ()
    corner: str = ""
    """Heading of the first column, if the page does not set it."""
    numeric: bool = True


def _block(rows: pd.DataFrame, table: Pivot, column: str, *, linked: bool = True) -> Block:
    records = {(row["strategy"], row[column]): row for row in rows.to_dict("records")}
    full = extent(rows["delta"])

    def entry(row: str, name: str, text: str) -> Entry:
        cell = (name, row) if table.is_transposed else (row, name)
        return _entry(text, records.get(cell), column, full, linked)

    return Block(
        table.title,
        tuple(map(table.column_marks.shown, table.columns)),
        tuple(
            (
                table.row_marks.shown(row),
                tuple(map(partial(entry, row), table.columns, entries)),
            )
            for row, entries in table.rows
        ),
        table.notes(),
        corner=table.corner if table.is_transposed else "",
    )


def _entry(
    text: str, row: Mapping[Hashable, Any] | None, column: str, full: float, linked: bool
) -> Entry:
    if row is None:
        return Entry(text)
    link = cell_link(row) if linked and column == "target" else ""
    if math.isnan(row["delta"]):
        return Entry(text, link=link)
    shade = max(-1.0, min(1.0, row["delta"] / full))
    # the tables by language and layer have room for the scores only
    uncertainty = uncertainty_text(row).strip() if column == "target" else ""
    return Entry(text, shade, uncertainty, link)


def transfer_blocks(table: pd.DataFrame, header: Header, *, linked: bool = True) -> list[Block]:
    """Strategies by targets, one block per base model, with the trivial baselines below.

    Args:
        table: the transfer table, with its effects.
        header: of the table.
        linked: link each cell to its details.
    """
    pivots = transfer_pivots(table, header)
    models = table.groupby("model", sort=False)
    return [
        _block(rows, block, "target", linked=linked)
        for block, (_, rows) in zip(pivots, models, strict=True)
    ]


def trivial_baseline_blocks(trivial_baselines: pd.DataFrame) -> list[Block]:
    """Trivial baselines by languages, one block per target."""
    return [
        Block(
            block.title,
            block.columns,
            tuple((name, tuple(Entry(text) for text in texts)) for name, texts in block.rows),
        )
        for block in trivial_baseline_pivots(trivial_baselines)
    ]


def language_blocks(table: pd.DataFrame, header: Header) -> dict[str, list[Block]]:
    """Per target, strategies by languages, one block per base model, as in ``languages.md``."""
    groups = table.groupby(["model", "target"], sort=False)
    blocks: dict[str, list[Block]] = {}
    for block, ((_, target), rows) in zip(language_pivots(table, header), groups, strict=True):
        blocks.setdefault(str(target), []).append(_block(rows, block, "language"))
    return blocks


def layer_blocks(table: pd.DataFrame) -> dict[str, list[Block]]:
    """Per target, strategies by layers, one block per base model."""
    blocks: dict[str, list[Block]] = {}
    # only the transfer table shows reasons
    for (model, target), rows in table.assign(reason="").groupby(["model", "target"], sort=False):
        block = pivot(rows, f"{model}: {target}", "layer", dict.fromkeys(rows["layer"]))
        blocks.setdefault(str(target), []).append(_block(rows, block, "layer"))
    return blocks


def seed_blocks(rows: pd.DataFrame, value: str) -> list[Block]:
    """Strategies by targets: mean over seeds, and the value of each seed.

    Args:
        rows: one per model, strategy, target and seed.
        value: the column shown.
    """
    blocks = []
    for model, found in rows.groupby("model", sort=False):
        columns = tuple(dict.fromkeys(found["target"]))
        values: dict[tuple[str, str], list[float]] = {}
        for row in found.sort_values("seed").to_dict("records"):
            values.setdefault((row["strategy"], row["target"]), []).append(row[value])
        entries = [
            (name, tuple(_seeds_entry(values.get((name, column), [])) for column in columns))
            for name in dict.fromkeys(found["strategy"])
        ]
        blocks.append(Block(str(model), columns, tuple(entries)))
    return blocks


def _seeds_entry(values: list[float]) -> Entry:
    if not values:
        return Entry(DASH)
    mean = f"{sum(values) / len(values):.1f}"
    return Entry(mean, uncertainty=", ".join(f"{value:.1f}" for value in values))


def property_blocks(frames: Frames, differences: pd.DataFrame) -> list[Block]:
    """Languages by their properties, and by the gain of each strategy.

    Args:
        frames: the tables of the study.
        differences: from ``xstilts.report.figures.properties.differences``.
    """
    traits = list(frames.source.properties[0]) if frames.source.properties else []
    blocks = []
    for model, rows in differences.groupby("model", sort=False):
        strategies = list(dict.fromkeys(rows["strategy"]))
        gains = rows.set_index(["language", "strategy"])["delta"].to_dict()
        full = extent(rows["delta"])
        entries = []
        for known in frames.source.properties:
            code = known["code"]
            if code not in set(rows["language"]):
                continue
            cells = [Entry(_trait(known[trait])) for trait in traits[1:]]
            for name in strategies:
                gain = gains.get((code, name), math.nan)
                shade = 0.0 if math.isnan(gain) else max(-1.0, min(1.0, gain / full))
                cells.append(Entry(difference(gain), shade))
            entries.append((code, tuple(cells)))
        names = (trait.replace("_", " ") for trait in traits[1:])
        blocks.append(Block(str(model), (*names, *strategies), tuple(entries)))
    return blocks


def _trait(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def summary_blocks(summary: Summary) -> list[Block]:
    """The blocks of a comparison, as in its Markdown file."""
    return [
        Block(
            block.title,
            block.columns,
            tuple((name, tuple(map(Entry, texts))) for name, texts in block.rows),
            block.notes(),
            corner=block.corner,
            numeric=block.numeric,
        )
        for block in summary.blocks
    ]


def coverage(table: pd.DataFrame) -> tuple[int, int]:
    """Numbers of (strategy, target, seed) that have a result, and that are expected."""
    rows = table[table["target"] != AVERAGE]
    return int(rows["num_seeds"].sum()), int(rows["expected_seeds"].sum())


def incomplete(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of the transfer table that lack a result, with the reason."""
    rows = table[(table["target"] != AVERAGE) & ~table["complete"].astype(bool)]
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def overlaps(path: Path) -> list[dict[str, Any]]:
    """The rows of the overlap audit with overlapping examples, the largest share first."""
    table = pd.read_csv(path, keep_default_na=False)
    found = table[table["overlapping"] > 0].copy()
    found["share"] = 100 * found["overlapping"] / found["examples"]
    found = found.sort_values(["share", "task", "language"], ascending=[False, True, True])
    return [{str(key): value for key, value in row.items()} for _, row in found.iterrows()]
