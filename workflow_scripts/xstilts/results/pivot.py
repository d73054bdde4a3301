"""Tables as text: strategies by targets (or languages), with footnotes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xstilts.numbers import DASH, signed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd

MANY_COLUMNS = 20
"""A table or figure with more languages than these has them down, not across."""
DAGGER = "†"
REPEATED = "§"
"""Mark of a strategy or target that repeats the prior training of the base model."""
CONTAMINATED = "‡"
"""Sign of cells whose evaluated text was trained on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """Marks of strategies, or of targets, of one base model."""

    repeated: Collection[str] = ()
    """Those that repeat the prior training of the base model."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """Number of training examples of those that use a part of a training set."""

    def shown(self, name: str) -> str:
        """A name with its number of examples and its mark."""
        shown = f"{name} (n = {self.examples[name]})" if name in self.examples else name
        return f"{shown} {REPEATED}" if name in self.repeated else shown

    def meanings(self, names: Iterable[str]) -> set[str]:
        """The meanings of the marks that some names have."""
        found, names = set(), set(names)
        if names & set(self.repeated):
            found.add(f"{REPEATED} repeats what the base model was already trained on")
        if names & set(self.examples):
            found.add("n: training examples, where only the first of a training set are used")
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Pivot:
    """The block of one base model, as texts."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """Strategy and its cells, one per column."""
    footnotes: tuple[str, ...] = ()
    corner: str = "strategy"
    """Heading of the first column."""
    numeric: bool = True
    """True if the other columns are numbers, which are aligned to the right."""
    row_marks: Marks = field(default_factory=Marks)
    column_marks: Marks = field(default_factory=Marks)
    is_transposed: bool = False
    """True if strategies are across and the values of a column down."""

    def transposed(self, corner: str) -> Pivot:
        """The same cells with rows and columns exchanged; ``corner`` heads the first column."""
        rows = tuple(
            (name, tuple(entries[at] for _, entries in self.rows))
            for at, name in enumerate(self.columns)
        )
        return replace(
            self,
            columns=tuple(name for name, _ in self.rows),
            rows=rows,
            corner=corner,
            row_marks=self.column_marks,
            column_marks=self.row_marks,
            is_transposed=not self.is_transposed,
        )

    def notes(self) -> tuple[str, ...]:
        """The footnotes, with the meanings of the marks."""
        meanings = self.row_marks.meanings(name for name, _ in self.rows)
        return (*sorted(meanings | self.column_marks.meanings(self.columns)), *self.footnotes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """A table of a study as text."""

    title: str
    text: str
    """The legend."""
    blocks: tuple[Pivot, ...] = ()


def with_sign(block: Pivot, sign: str, cells: Collection[tuple[str, str]]) -> Pivot:
    """The block with a sign after the text of some cells, given by strategy and column."""
    rows = tuple(
        (
            strategy,
            tuple(
                f"{entry} {sign}" if entry and (strategy, column) in cells else entry
                for column, entry in zip(block.columns, entries, strict=True)
            ),
        )
        for strategy, entries in block.rows
    )
    return replace(block, rows=rows)


def block_of(
    entries: Sequence[Mapping[str, str]],
    title: str,
    footnotes: Iterable[str] = (),
    *,
    numeric: bool = False,
) -> Pivot:
    """A block from its rows, each a mapping of column to text; the first column names the row.

    Columns that a row lacks are empty.
    """
    corner, *columns = dict.fromkeys(name for entry in entries for name in entry)
    rows = tuple(
        (entry[corner], tuple(entry.get(name, "") for name in columns)) for entry in entries
    )
    return Pivot(
        title=title,
        columns=tuple(columns),
        rows=rows,
        footnotes=tuple(footnotes),
        corner=corner,
        numeric=numeric,
    )


@dataclass(slots=True)
class _Notes:
    """Footnotes of a block: numbered reasons, and the meaning of the daggers."""

    reasons: dict[str, int] = field(default_factory=dict)
    incomplete: dict[str, list[str]] = field(default_factory=dict)

    def number(self, reason: str) -> int:
        return self.reasons.setdefault(reason, len(self.reasons) + 1)

    def texts(self) -> tuple[str, ...]:
        daggers = (
            f"{DAGGER} {what}: {', '.join(cells)}" for what, cells in self.incomplete.items()
        )
        return (*daggers, *(f"[{number}] {reason}" for reason, number in self.reasons.items()))


def _coverage(row: pd.Series[Any]) -> str:
    """``incomplete average (3 of 4 languages, 2 of 3 seeds; seed 2: killed)``."""
    parts = [
        f"{row[f'num_{noun}']} of {row[f'expected_{noun}']} {noun}"
        for noun in ("targets", "languages", "seeds")
        if f"num_{noun}" in row and not (noun == "targets" and row["expected_targets"] == 1)
    ]
    reason = f"; {row['reason']}" if row["reason"] else ""
    return f"incomplete average ({', '.join(parts)}{reason})"


def _entry(row: pd.Series[Any], cell: str, notes: _Notes) -> str:
    """``61.2 ±0.8 (+3.4)``, with a dagger if incomplete, or ``— [1]`` if missing."""
    if math.isnan(row["mean"]):
        return f"{DASH} [{notes.number(row['reason'])}]"
    text = f"{row['mean']:.1f}" + ("" if math.isnan(row["sd"]) else f" ±{row['sd']:.1f}")
    if not row["complete"]:
        text += DAGGER
        notes.incomplete.setdefault(_coverage(row), []).append(cell)
    if math.isnan(row["delta"]):
        return text
    mark = "" if row["delta_complete"] or not row["complete"] else DAGGER
    if mark:
        notes.incomplete.setdefault("difference from an incomplete baseline", []).append(cell)
    return f"{text} ({signed(row['delta'])}{mark})"


def pivot(table: pd.DataFrame, title: str, column: str, columns: Iterable[str]) -> Pivot:
    """The strategies by ``columns`` of a transfer or language table, in the order of its rows.

    Args:
        table: rows of one base model, at most one per strategy and column.
        title: heading of the block.
        column: name of the field across the top, such as ``target``.
        columns: its values, from left to right.
    """
    names, notes = list(columns), _Notes()
    found = {(row["strategy"], row[column]): row for _, row in table.iterrows()}
    rows = []
    for strategy in dict.fromkeys(table["strategy"]):
        entries = []
        for name in names:
            row = found.get((strategy, name))
            entries.append("" if row is None else _entry(row, f"{strategy} / {name}", notes))
        rows.append((strategy, tuple(entries)))
    return Pivot(title=title, columns=tuple(names), rows=tuple(rows), footnotes=notes.texts())
