"""``xstilts explain``: why a product would be made again, by the changes of its identity."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.checksums import Checksums
from xstilts.files import sha256_of
from xstilts.grid.products import Product, find_product, inputs_of
from xstilts.identity import differences
from xstilts.manifest import read_values
from xstilts.paths import input_names, product
from xstilts.results import failures
from xstilts.schema_metadata import read_metadata
from xstilts.snakemake_metadata import SnakemakeMetadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.grid.grid import Grid


class Disk:
    """The identities of products on disk; each file is read once."""

    def __init__(self, grid: Grid, snakemake: SnakemakeMetadata | None = None) -> None:
        """Use Snakemake's metadata for products without an identity file.

        Args:
            grid: the study, whose file of checksums is used.
            snakemake: Snakemake's metadata; by default that of the working directory.
        """
        self._snakemake = snakemake or SnakemakeMetadata()
        checksums = Checksums(Path(grid.paths.checksums))
        self._content = functools.cache(functools.partial(content_of, checksums=checksums))

    def metadata(self, item: Product) -> dict[str, Any]:
        """Return the manifest of a product, or the metadata in its file; empty if not made."""
        if not (item.holds_identity and item.identity_file.is_file()):
            return {}
        if item.identity_file.suffix == ".json":
            return read_values(item.identity_file)
        return read_metadata(item.identity_file)

    def made_with(self, item: Product) -> dict[str, Any] | None:
        """Return the identity with which a product was made; None if unknown or not made."""
        if item.holds_identity or not item.identity_file.is_file():
            return self.metadata(item).get("identity")
        declared = self._snakemake.declared(item.identity_file.as_posix(), item.declared)
        checksums = self._snakemake.checksums(item.identity_file.as_posix())
        names = input_names(item.inputs).items()
        return declared and {
            "declared": declared,
            "inputs": {name: checksums[file] for name, file in names if file in checksums},
        }

    def current(self, item: Product) -> dict[str, Any]:
        """Return the product's identity according to the study and its inputs on disk now."""
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
        """Return ``(key, old, new)`` of each change since a product was made; None if not made."""
        made_with = self.made_with(item)
        if made_with is None:
            return None
        current = self.current(item)
        if not item.inputs:
            # the files of a repository of the hub are only known when the job runs
            current["inputs"] = made_with["inputs"]
        return differences(made_with, current)


def content_of(file: Path, *, checksums: Checksums) -> str | None:
    """Return the content digest of an input: from its manifest or metadata, else of its bytes."""
    if not file.is_file():
        return None
    if file.suffix == ".json" and file.parts[:1] == ("results",):
        return read_values(file).get("content")
    if file.suffix == ".parquet" and file.parts[:1] == ("results",):
        return read_metadata(file).get("id")
    return checksums.of(file)


def explain(grid: Grid, path: str) -> Iterator[str]:
    """Yield lines that say whether a product and its inputs are up to date, and if not, why.

    Raises:
        UserError: the path does not belong to this study.
    """
    yield from _explain(grid, find_product(grid, path), Disk(grid), depth=0, seen=set())


def _explain(grid: Grid, item: Product, disk: Disk, depth: int, seen: set[str]) -> Iterator[str]:
    seen.add(item.name)
    indent = "  " * depth
    changes = disk.changes(item)
    if changes is None:
        yield f"{indent}{item.name}: {not_made(grid, item)}"
    elif changes:
        yield f"{indent}{item.name}: out of date."
    elif depth == 0:
        yield f"{item.name}: up to date."
    for accepted in disk.metadata(item).get("accepted", []):
        yield f"{indent}  {item.name}: accepted on {accepted['date']}: {accepted['why']}"
    for key, old, new in changes or []:
        name = key.removeprefix("declared.")
        yield f"{indent}  {name}: {shown(old)} → {shown(new)}"
    for upstream in inputs_of(grid, item):
        if upstream.name not in seen:
            yield from _explain(grid, upstream, disk, depth + 1, seen)


def shown(value: Any) -> str:
    """A value of an identity as text."""
    return "(absent)" if value is None else str(value)


def not_made(grid: Grid, item: Product) -> str:
    """Return the end of a sentence on a product without an identity: why it has none."""
    if item.identity_file.is_file():
        return "made, but with an unknown identity; make it again with `snakemake --force`."
    found = failures.read(Path(grid.paths.failures)).get(product(str(item.identity_file)))
    return "not made yet." + (f" Last attempt: {found.reason}" if found else "")
