"""Lines of at most 100 characters, and lists that say how much they leave out."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WIDTH = 100


def clip(text: str, width: int = WIDTH) -> str:
    """Return a text without its end, if it is longer than a width."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


def some(items: Sequence[str], width: int) -> str:
    """Return as many items as fit into a width, and the number of those left out."""
    text = ", ".join(items)
    shown = len(items)
    while len(text) > width and shown > 1:
        shown -= 1
        text = f"{', '.join(items[:shown])} and {len(items) - shown} more"
    return clip(text, width)


def first(lines: Iterable[str], most: int) -> Iterator[str]:
    """Yield at most some lines; if there are more, the last one says how many are left out."""
    found = list(lines)
    if len(found) > most:
        found = [*found[: most - 1], f"  and {len(found) - most + 1} more"]
    yield from map(clip, found)


def wrapped(text: str) -> str:
    """Return a text in indented lines."""
    return textwrap.fill(
        " ".join(text.split()), WIDTH, initial_indent="  ", subsequent_indent="    "
    )


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of text in columns: the first to the left, numbers to the right.

    The last column is cut at the width of the page.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = [all(row[n].isdigit() or row[n] in ("", "-") for row in rows[1:])
               for n in range(len(widths))]  # fmt: skip
    lines = []
    for row in rows:
        cells = (
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(row, widths, numeric, strict=True)
        )
        lines.append(clip(f"  {'  '.join(cells)}".rstrip()))
    return lines
