"""The figures of a run, as a table and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = ("part", "measured", "figure", "compared with", "ratio", "note")


class Row(BaseModel):
    """One figure, or the reason why it is missing."""

    what: str
    value: float | str | None = None
    """None if it could not be measured; then ``note`` says why."""
    unit: str = ""
    """Of ``value`` and ``reference``; ``share`` is printed as per cent."""
    low: float | None = None
    """Slowest of several rounds, whose median is ``value``."""
    high: float | None = None
    """Fastest of them."""
    against: str = ""
    """Name of what it is compared with."""
    reference: float | None = None
    """Value of that."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The value divided by the reference; None without either."""
        if isinstance(self.value, str) or self.value is None or not self.reference:
            return None
        return self.value / self.reference

    def cells(self) -> list[str]:
        """The row of the table, without the name of its part."""
        figure = number(self.value, self.unit)
        if self.low is not None and self.high is not None:
            figure += f" ({number(self.low, self.unit)} - {number(self.high, self.unit)})"
        compared = self.against
        if self.reference is not None:
            compared = f"{self.against} {number(self.reference, self.unit)}"
        return [self.what, figure, compared, number(self.ratio), self.note]


class Part(BaseModel):
    """The figures of one part of a run."""

    name: str
    state: Literal["done", "failed", "skipped"] = "done"
    reason: str = ""
    """Why it failed or was skipped; figures that it had by then are kept."""
    seconds: float = 0.0
    limit: float = 0.0
    """Seconds that it was given."""
    rows: list[Row] = []

    def lines(self) -> Iterator[str]:
        """Yield its lines of the table."""
        rows = [[self.name, *row.cells()] for row in self.rows]
        if self.state != "done":
            rows.append([self.name, self.state, "", "", "", self.reason])
        for row in rows:
            yield line(row)


class Report(BaseModel):
    """All parts of a run."""

    small: bool
    """True for a rehearsal with small models, whose figures mean nothing."""
    seconds: float
    """Time limit of the run."""
    parts: list[Part] = []

    def lines(self) -> Iterator[str]:
        """Yield the lines of the table."""
        yield from self.head()
        for part in self.parts:
            yield from part.lines()

    def head(self) -> Iterator[str]:
        """Yield the lines above the first figure."""
        if self.small:
            yield "A rehearsal with tiny models: the figures mean nothing.\n\n"
        yield line(HEAD)
        yield f"|{'---|' * len(HEAD)}\n"

    def write(self, path: Path) -> None:
        """Write the report as JSON, whole or not at all."""
        temporary = path.with_name(f"{path.name}.new")
        temporary.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        temporary.replace(path)

    @classmethod
    def read(cls, path: Path) -> Report:
        """Read a report from JSON."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))


def line(cells: list[str] | tuple[str, ...]) -> str:
    """A line of the table; a cell's own line breaks and bars would break it."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in cells)} |\n"


def number(value: float | str | None, unit: str = "") -> str:
    """A number to three or more digits, with its unit."""
    if value is None or isinstance(value, str):
        return value or ""
    if unit == "share":
        return f"{value:.1%}"
    size = abs(value)
    text = f"{value:,.0f}" if size >= 100 else f"{value:.2f}" if size >= 1 else f"{value:.3g}"
    return f"{text} {unit}".rstrip()


def limits(weights: dict[str, float], left: float) -> dict[str, float]:
    """Divide the seconds that are left among parts by their weights."""
    total = sum(weights.values())
    return {name: left * weight / total for name, weight in weights.items()}
