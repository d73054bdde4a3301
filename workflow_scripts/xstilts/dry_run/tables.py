"""Tables of a dry run: products by kind, trainings by stage and strategy, cells by target."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xstilts.chains import chain_label
from xstilts.dry_run.jobs import NOUNS, kind_of
from xstilts.dry_run.text import clip, columns, first, some

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from xstilts.grid import Grid

Rows = list[tuple[str, ...]]
"""Rows of a table, its header first."""
_NAMES = 48
"""Maximum number of characters of names in one cell."""


def by_kind(new: Collection[str], again: Collection[str], existing: Collection[str]) -> list[str]:
    """Return the numbers of products by kind.

    Args:
        new: products that do not exist.
        again: products that exist and are made again.
        existing: products that are up to date.
    """
    counts = [Counter(map(kind_of, products)) for products in (new, again, existing)]
    rows: Rows = [("", "new", "again", "up to date")]
    for kind, noun in NOUNS.items():
        if any(found[kind] for found in counts):
            rows.append((noun, *(str(found[kind] or "-") for found in counts)))
    return columns(rows)


def by_stage(grid: Grid, made: Collection[str]) -> Rows:
    """Return base models and intermediate stages to make, with the strategies that use each."""
    users: dict[str, list[str]] = {}
    for strategy, nodes in grid.names.strategies.items():
        labels = tuple(node.label for node in nodes)
        for length in range(1, len(labels) + 1):
            users.setdefault(chain_label(labels[:length]), []).append(strategy)
    found = Counter[tuple[str, str]]()
    for product in made:
        match product.split("/"):
            case ["bases", base, "model"]:
                found[base, ""] += 1
            case ["intermediate", base, _, chain]:
                found[base, chain] += 1
    rows: Rows = [("base", "stage", "models", "for strategies")]
    for base, settings in grid.study.bases.items():
        if found[base, ""]:
            rows.append((base, "pretraining" if settings.pretrain else "import", "1", "all"))
        for chain in users:
            if count := found[base, chain]:
                rows.append((base, clip(chain, _NAMES), str(count), some(users[chain], _NAMES)))
    return rows


def by_strategy(grid: Grid, made: Collection[str]) -> Rows:
    """Return the target stages, predicted and scored cells to make, by base and strategy."""
    strategies: dict[str, list[str]] = {}
    for strategy, nodes in grid.names.strategies.items():
        strategies.setdefault(chain_label(tuple(node.label for node in nodes)), []).append(strategy)
    found = _cells(made, lambda base, chain, target: (base, chain))
    rows: Rows = [("base", "strategy", *_HEAD)]
    for base in grid.study.bases:
        for chain, names in strategies.items():
            if counts := found.get((base, chain)):
                rows.append((base, some(names, _NAMES), *(str(counts[kind]) for kind in _KINDS)))
    return rows


def by_target(grid: Grid, made: Collection[str]) -> Rows:
    """Return the target stages, predicted and scored cells to make, by target."""
    found = _cells(made, lambda base, chain, target: (target,))
    rows: Rows = [("target", *_HEAD, "languages")]
    for name, node in grid.names.all_targets.items():
        if counts := found.get((name,)):
            numbers = (str(counts[kind]) for kind in _KINDS)
            rows.append((name, *numbers, f"{len(node.languages)}: {', '.join(node.languages)}"))
    return rows


_KINDS = ("target", "predictions", "scores")
_HEAD = ("trained", "predicted", "scored")


def _cells(
    made: Iterable[str], key: Callable[[str, str, str], tuple[str, ...]]
) -> dict[tuple[str, ...], Counter[str]]:
    """Return the number of products of each kind, for those of cells with the same key."""
    found: dict[tuple[str, ...], Counter[str]] = {}
    for product in made:
        match product.split("/"):
            case [("target" | "predictions" | "scores") as kind, base, _, chain, target]:
                found.setdefault(key(base, chain, target), Counter())[kind] += 1
    return found


def table(rows: Rows, most: int) -> Iterator[str]:
    """Yield at most some lines of a table; none without rows.

    If they are too many, rows with the same numbers become one, with their sums.
    """
    if len(rows) == 1:
        return
    if len(rows) > most:
        rows = [rows[0], *_merged(rows[1:], by_base=rows[0][0] == "base")]
    yield from first(columns(rows), most)


def _merged(rows: Rows, *, by_base: bool) -> Iterator[tuple[str, ...]]:
    """Yield one row for those with the same numbers, and base: all names, sums of numbers."""
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for row in rows:
        numbers = tuple(value for value in row if value.isdigit())
        groups.setdefault((row[0] if by_base else "", *numbers), []).append(row)
    for group in groups.values():
        yield tuple(
            str(sum(map(int, values)))
            if values[0].isdigit()
            else some(list(dict.fromkeys(values)), _NAMES)
            for values in zip(*group, strict=True)
        )
