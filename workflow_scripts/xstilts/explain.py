"""Why a product would be made again: which part of its identity changed, from what to what."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.files import read_json, sha256_of
from xstilts.grid.products import Product, find_product, inputs_of
from xstilts.identity import differences
from xstilts.paths import input_names, product
from xstilts.results import failures
from xstilts.schema_metadata import read_metadata
from xstilts.snakemake_record import SnakemakeRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.grid.grid import Grid


class Disk:
    """What the products on disk say of themselves; each file is read once."""

    def __init__(self, snakemake: SnakemakeRecord | None = None) -> None:
        """Take Snakemake's record for what has no identity beside it; by default, that here."""
        self._snakemake = snakemake or SnakemakeRecord()
        self._content = functools.cache(content_of)

    def record(self, item: Product) -> dict[str, Any]:
        """The manifest of a product, or the record in its file; empty if it is not there."""
        if not (item.holds_identity and item.identity_file.is_file()):
            return {}
        if item.identity_file.suffix == ".json":
            return dict(read_json(item.identity_file))
        return read_metadata(item.identity_file)

    def recorded(self, item: Product) -> dict[str, Any] | None:
        """The identity with which a product on disk was made; None if there is none."""
        if item.holds_identity or not item.identity_file.is_file():
            return self.record(item).get("identity")
        declared = self._snakemake.declared(item.identity_file.as_posix(), item.declared)
        checksums = self._snakemake.checksums(item.identity_file.as_posix())
        names = input_names(item.inputs).items()
        return declared and {
            "declared": declared,
            "inputs": {name: checksums[file] for name, file in names if file in checksums},
        }

    def current(self, item: Product) -> dict[str, Any]:
        """The identity that the study and the files on disk give the product now."""
        files = input_names(item.inputs).items()
        if item.holds_identity:
            inputs = {name: self._content(Path(file)) for name, file in files}
        else:
            inputs = {
                name: f"sha256:{sha256_of(Path(file))}"
                for name, file in files
                if Path(file).is_file()
            }
        return {"declared": item.declared, "inputs": inputs}

    def changes(self, item: Product) -> list[tuple[str, Any, Any]] | None:
        """``(key, old, new)`` of all that changed since a product was made; None if it was not."""
        recorded = self.recorded(item)
        if recorded is None:
            return None
        current = self.current(item)
        if not item.inputs:
            # files of a checkpoint folder or of the hub are looked at when the job runs
            current["inputs"] = recorded["inputs"]
        return differences(recorded, current)


def content_of(file: Path) -> str | None:
    """The content digest of an input: from its manifest or metadata, else of its bytes."""
    if not file.is_file():
        return None
    if file.suffix == ".json" and file.parts[:1] == ("results",):
        return str(read_json(file)["content"])
    if file.suffix == ".parquet" and file.parts[:1] == ("results",):
        return read_metadata(file).get("id")
    return sha256_of(file)


def explain(grid: Grid, path: str) -> Iterator[str]:
    """Lines that say whether a product is up to date, and if not why, its inputs included.

    Raises:
        UserError: the path is not one of this study.
    """
    yield from _explain(grid, find_product(grid, path), Disk(), depth=0, seen=set())


def _explain(grid: Grid, item: Product, disk: Disk, depth: int, seen: set[str]) -> Iterator[str]:
    seen.add(item.name)
    indent = "  " * depth
    changes = disk.changes(item)
    if changes is None:
        yield f"{indent}{item.name}: {_not_made(grid, item)}"
    elif changes:
        yield f"{indent}{item.name}: out of date."
    elif depth == 0:
        yield f"{item.name}: up to date."
    for accepted in disk.record(item).get("accepted", []):
        yield f"{indent}  {item.name}: accepted on {accepted['date']}: {accepted['why']}"
    for key, old, new in changes or []:
        shown = key.removeprefix("declared.")
        yield f"{indent}  {shown}: {_shown(old)} → {_shown(new)}"
    for upstream in inputs_of(grid, item):
        if upstream.name not in seen:
            yield from _explain(grid, upstream, disk, depth + 1, seen)


def _shown(value: Any) -> str:
    return "(absent)" if value is None else str(value)


def _not_made(grid: Grid, item: Product) -> str:
    if item.identity_file.is_file():
        return "made, but there is no record of how: `snakemake --forceall` compares."
    found = failures.read(Path(grid.paths.failures)).get(product(str(item.identity_file)))
    return "not made yet." + (f" Its last try: {found.reason}" if found else "")
