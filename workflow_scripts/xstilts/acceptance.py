"""``xstilts accept``: keep products although the code that made them has changed since.

A product's identity contains the fingerprint of its code, so that renaming a function makes it out
of date, although the result would be the same. Accepting a product puts the current fingerprint
into its identity and keeps the old one under ``accepted``, with reason, date and versions:

* Only the code may differ. If anything else does (recipe, data, parent), the whole request is
  refused with the reasons, and nothing is written.
* The content digest and the ``id`` of a product do not change, so that products made from it remain
  valid: ``id`` is the digest of the identity with which it was made, whatever is accepted later.
* Snakemake's metadata gets the new parameters, and the new checksums of rewritten files as inputs.
  The files keep their modification time.
* Products are accepted with all products that they are made from: otherwise Snakemake would make
  those again, and then these. Products not made yet, and unfinished stages, are left out.
* Tables, statistics, figures and the report are not accepted but made again when their code
  changes: that takes seconds, and no GPU. Tables and report say what was accepted.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.explain import Disk, shown
from xstilts.files import sha256_of
from xstilts.grid.products import find_product, identity_files, study_products, with_inputs
from xstilts.leftovers import exclude_runs
from xstilts.manifest import KEPT, read_values, write_values
from xstilts.paths import product
from xstilts.schema_metadata import read_metadata, replace_metadata
from xstilts.snakemake_metadata import FOLDER, SnakemakeMetadata, is_code
from xstilts.versions import versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xstilts.grid.grid import Grid
    from xstilts.grid.products import Product

SHOWN = 3
"""Number of products that a note lists by name."""


def accept(grid: Grid, paths: Sequence[str], why: str) -> list[str]:
    """Accept products of a study as they are; return the names of those whose code had changed.

    Args:
        grid: the study.
        paths: products, or folders of products; empty for all products of the study.
        why: the reason, for readers of the results.

    Raises:
        UserError: a path does not belong to the study, or is not made yet; more than the code
            differs; Snakemake is running. Nothing is written then.
    """
    if not why.strip():
        raise UserError(
            "--why: explain in a sentence, for readers of the results, why they remain valid."
        )
    note = {"why": why.strip(), "date": f"{datetime.now(UTC):%Y-%m-%d}", "versions": versions()}
    with exclude_runs(FOLDER):
        return _accept(grid, paths, note)


def _accept(grid: Grid, paths: Sequence[str], note: Mapping[str, Any]) -> list[str]:
    """Accept products while no run changes them."""
    snakemake = SnakemakeMetadata()
    disk = Disk(grid, snakemake)
    chosen = _chosen(grid, paths, disk)
    changes = {item.name: disk.changes(item) for item in chosen}
    refused = [
        f"{name}: {key.removeprefix('declared.')}: {shown(old)} → {shown(new)}"
        for name, found in changes.items()
        for key, old, new in found or ()
        if not is_code(key)
    ]
    if refused:
        raise UserError(
            "Nothing was accepted: more than the code has changed since these were made.\n  "
            + "\n  ".join(refused)
            + "\nMake them again, or list the other products on the command line."
        )
    made = [item for item in chosen if changes[item.name] is not None]
    old = [item for item in made if changes[item.name]]
    rewritten: dict[str, tuple[str, str]] = {}
    for item in old:
        before = sha256_of(item.identity_file)
        _rewrite(item, disk.metadata(item), note)
        rewritten[item.identity_file.as_posix()] = before, sha256_of(item.identity_file)
    _renew(grid, snakemake, made)
    snakemake.replace_checksums(rewritten)
    snakemake.write()
    return [item.name for item in old]


def _chosen(grid: Grid, paths: Sequence[str], disk: Disk) -> list[Product]:
    """Return the products at the paths, with all products that they are made from.

    Raises:
        UserError: a path does not belong to the study, or its product is not made yet.
    """
    products = list(study_products(grid))
    named: list[Product] = []
    for path in paths:
        folder = Path(path).as_posix().removeprefix(f"{grid.paths.root}/") + "/"
        inside = [item for item in products if item.name.startswith(folder)]
        found = inside or [find_product(grid, path)]
        if not any(item.identity_file.is_file() for item in found):
            raise UserError(f"{path}: not made yet, so there is nothing to accept. Make it first.")
        named += found
    wanted = with_inputs(grid, named) if paths else products
    return [item for item in wanted if item.holds_identity]


def _rewrite(item: Product, metadata: Mapping[str, Any], note: Mapping[str, Any]) -> None:
    """Put the current code into a product's identity, and keep the old code next to it."""
    identity = metadata["identity"]
    accepted = [*metadata.get("accepted", []), {**note, "code": identity["declared"]["code"]}]
    declared = {**identity["declared"], "code": item.declared["code"]}
    renewed = {**metadata, "identity": {**identity, "declared": declared}, "accepted": accepted}
    times = item.identity_file.stat()
    if item.identity_file.suffix == ".json":
        kept = item.identity_file.with_name(KEPT)
        # the copy may belong to another product with its manifest in the same folder
        if _manifest(kept).get("id") == metadata["id"]:
            write_values(kept, renewed, durable=False)
        write_values(item.identity_file, renewed, durable=False)
    else:
        replace_metadata(item.identity_file, renewed)
    os.utime(item.identity_file, ns=(times.st_atime_ns, times.st_mtime_ns))


def _renew(grid: Grid, snakemake: SnakemakeMetadata, made: Iterable[Product]) -> None:
    """Put the current code into Snakemake's parameters of products that are now up to date."""
    outputs: dict[str, list[str]] = {}
    for output in snakemake.outputs:
        if output.startswith(f"{grid.paths.root}/"):
            outputs.setdefault(product(output), []).append(output)
    cells: dict[str, list[Product]] = {}
    for item in made:
        if item.name.startswith("predictions/"):
            snakemake.accept_code(item.identity_file.as_posix(), item.declared)
            cells.setdefault(item.identity_file.parent.as_posix(), []).append(item)
        else:
            for output in outputs.get(item.name, ()):
                snakemake.accept_code(output, item.declared)
    for folder, languages in cells.items():
        # the manifest says that all languages are complete: accepted with the last of them
        target = grid.names.all_targets[Path(folder).name]
        if {item.identity_file.stem for item in languages} >= set(target.languages):
            snakemake.accept_code(f"{folder}/manifest.json", languages[0].declared)


def acceptances(grid: Grid) -> list[str]:
    """Return a sentence per reason for which products of a study were accepted.

    Args:
        grid: the study, in the view whose tables show the sentences.
    """
    found: dict[tuple[str, str], dict[str, None]] = {}
    for file in map(Path, identity_files(grid)):
        metadata = read_metadata(file) if file.suffix == ".parquet" else _manifest(file)
        for note in metadata.get("accepted", []):
            found.setdefault((note["why"], note["date"]), {})[product(file.as_posix())] = None
    return [_sentence(why, date, list(names)) for (why, date), names in found.items()]


def _sentence(why: str, date: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (
        f"Accepted on {date} although the code had changed ({why.rstrip('.')}): "
        f"{', '.join(names[:SHOWN])}{more}."
    )


def _manifest(file: Path) -> Mapping[str, Any]:
    try:
        return read_values(file)
    except UserError:
        return {}
