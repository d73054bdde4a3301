"""Why a product would be made again: which part of its identity changed, from what to what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.files import read_json, sha256_of
from xstilts.grid.products import Product, find_product
from xstilts.identity import differences
from xstilts.paths import input_names, product
from xstilts.record import read_record
from xstilts.results import failures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.grid.grid import Grid


def content_of(file: Path) -> str | None:
    """The content digest of an input: from its manifest or metadata, else of its bytes."""
    if not file.is_file():
        return None
    if file.suffix == ".json" and file.parts[:1] == ("results",):
        return str(read_json(file)["content"])
    if file.suffix == ".parquet" and file.parts[:1] == ("results",):
        return read_record(file).get("id")
    return sha256_of(file)


def recorded_identity(item: Product) -> dict[str, Any] | None:
    """The identity with which the product on disk was made; None if there is none."""
    if not item.record.is_file():
        return None
    if item.record.suffix == ".json":
        return dict(read_json(item.record)["identity"])
    return read_record(item.record).get("identity")


def current_identity(item: Product) -> dict[str, Any]:
    """The identity that the study and the files on disk give the product now."""
    inputs = {name: content_of(Path(file)) for name, file in input_names(item.inputs).items()}
    return {"declared": item.declared, "inputs": inputs}


def explain(grid: Grid, path: str) -> Iterator[str]:
    """Lines that say whether a product is up to date, and if not why, its inputs included.

    Raises:
        UserError: the path is not one of this study.
    """
    yield from _explain(grid, find_product(grid, path), depth=0, seen=set())


def _explain(grid: Grid, item: Product, depth: int, seen: set[str]) -> Iterator[str]:
    seen.add(item.name)
    indent = "  " * depth
    recorded = recorded_identity(item)
    if recorded is None:
        yield f"{indent}{item.name}: not made yet.{_failure(grid, item)}"
    else:
        current = current_identity(item)
        if not item.inputs:
            # files of a checkpoint folder or of the hub are looked at when the job runs
            current["inputs"] = recorded["inputs"]
        changes = differences(recorded, current)
        if not changes and depth == 0:
            yield f"{item.name}: up to date."
        elif changes:
            yield f"{indent}{item.name}: out of date."
        for key, old, new in changes:
            shown = key.removeprefix("declared.")
            yield f"{indent}  {shown}: {_shown(old)} → {_shown(new)}"
    for file in item.inputs:
        if Path(file).parts[:1] != ("results",):
            continue
        try:
            upstream = find_product(grid, file)
        except UserError:
            continue
        if upstream.name not in seen:
            yield from _explain(grid, upstream, depth + 1, seen)


def _shown(value: Any) -> str:
    return "(absent)" if value is None else str(value)


def _failure(grid: Grid, item: Product) -> str:
    name = product(str(item.record))
    found = failures.read(Path(grid.paths.failures)).get(name)
    return f" Its last try: {found.reason}" if found else ""
