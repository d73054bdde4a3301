"""``xstilts accept``: products that stand although the code that made them has changed since.

A product's identity holds the fingerprint of its code, so that a renamed function makes it out of
date, although it would come out the same. Accepting a product puts today's fingerprint into its
identity and keeps the old one beside it, under ``accepted``, with reason, date and versions. It
changes nothing else:

* Only the code may differ. Where anything else does (recipe, data, parent), all that was asked for
  is refused, with the reasons, and nothing is written.
* The content digest and the ``id`` of a product stay, so that what was made from it stays valid:
  ``id`` is the digest of the identity with which it was made, whatever was accepted later.
* Snakemake's record gets the new parameters, and the new checksums of rewritten files as inputs.
  The files keep their modification time.
* Products go with all that they are made from: else Snakemake would make those again, and them
  with it. What is not made yet is left out; training states belong to stages that are not finished.
* Tables, statistics, figures and the report are not accepted but made again when their code
  changes: they cost seconds, and no GPU. Tables and report say what was accepted.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.explain import Disk
from xstilts.files import read_json, sha256_of, write_json
from xstilts.grid.products import find_product, study_products, with_inputs
from xstilts.manifest import KEPT
from xstilts.paths import product
from xstilts.schema_metadata import read_metadata, replace_record
from xstilts.snakemake_record import SnakemakeRecord, is_code
from xstilts.versions import versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xstilts.grid.grid import Grid
    from xstilts.grid.products import Product

SHOWN = 3
"""Names of products that a remark spells out."""


def accept(grid: Grid, paths: Sequence[str], why: str) -> list[str]:
    """Accept products of a study as they are; returns the names of those whose code had changed.

    Args:
        grid: the study.
        paths: products, or folders of products; none for all that the study has.
        why: the reason, for those who read the results.

    Raises:
        UserError: a path is not one of this study, or not made; something else than the code
            differs; Snakemake is running. Nothing is written then.
    """
    if not why.strip():
        raise UserError("--why: say in a sentence why the results stand, for those who read them.")
    snakemake = SnakemakeRecord()
    snakemake.require_unlocked()
    disk = Disk(snakemake)
    chosen = _chosen(grid, paths, disk)
    changes = {item.name: disk.changes(item) for item in chosen}
    refused = [
        f"{name}: {key.removeprefix('declared.')}: {_shown(old)} → {_shown(new)}"
        for name, found in changes.items()
        for key, old, new in found or ()
        if not is_code(key)
    ]
    if refused:
        raise UserError(
            "Nothing was accepted: more than the code has changed since these were made.\n  "
            + "\n  ".join(refused)
            + "\nMake them again, or name the products that are to be accepted without them."
        )
    made = [item for item in chosen if changes[item.name] is not None]
    old = [item for item in made if changes[item.name]]
    note = {"why": why.strip(), "date": f"{datetime.now(UTC):%Y-%m-%d}", "versions": versions()}
    rewritten: dict[str, tuple[str, str]] = {}
    for item in old:
        before = sha256_of(item.identity_file)
        _rewrite(item, disk.record(item), note)
        rewritten[item.identity_file.as_posix()] = before, sha256_of(item.identity_file)
    _renew(grid, snakemake, made)
    snakemake.replace_checksums(rewritten)
    snakemake.write()
    return [item.name for item in old]


def _chosen(grid: Grid, paths: Sequence[str], disk: Disk) -> list[Product]:
    """The products that paths name, with all that they are made from.

    Raises:
        UserError: a path is not one of this study, or of a product that is not made.
    """
    products = list(study_products(grid))
    named: list[Product] = []
    for path in paths:
        folder = Path(path).as_posix().removeprefix(f"{grid.paths.root}/") + "/"
        inside = [item for item in products if item.name.startswith(folder)]
        found = inside or [find_product(grid, path)]
        if not any(item.identity_file.is_file() for item in found):
            raise UserError(f"{path}: not made yet, there is nothing to accept.")
        named += found
    wanted = with_inputs(grid, named) if paths else products
    return [item for item in wanted if item.holds_identity]


def _rewrite(item: Product, record: Mapping[str, Any], note: Mapping[str, Any]) -> None:
    """Give the record of a product today's code, and keep the code it had beside it."""
    identity = record["identity"]
    accepted = [*record.get("accepted", []), {**note, "code": identity["declared"]["code"]}]
    declared = {**identity["declared"], "code": item.declared["code"]}
    renewed = {**record, "identity": {**identity, "declared": declared}, "accepted": accepted}
    when = item.identity_file.stat()
    if item.identity_file.suffix == ".json":
        kept = item.identity_file.with_name(KEPT)
        # the copy may be of another product that has its manifest in the same folder
        if _manifest(kept).get("id") == record["id"]:
            write_json(kept, renewed, durable=False)
        write_json(item.identity_file, renewed, durable=False)
    else:
        replace_record(item.identity_file, renewed)
    os.utime(item.identity_file, ns=(when.st_atime_ns, when.st_mtime_ns))


def _renew(grid: Grid, snakemake: SnakemakeRecord, made: Iterable[Product]) -> None:
    """Put today's code into Snakemake's parameters of products that are up to date now."""
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
        # says that all languages are there: accepted with the last of them
        target = grid.names.all_targets[Path(folder).name]
        if {item.identity_file.stem for item in languages} >= set(target.languages):
            snakemake.accept_code(f"{folder}/manifest.json", languages[0].declared)


def _shown(value: Any) -> str:
    return "(absent)" if value is None else str(value)


def acceptances(grid: Grid) -> list[str]:
    """A sentence for each reason for which products of a study were accepted; none if none were.

    Args:
        grid: the study, in the view whose tables the sentences stand beside.
    """
    found: dict[tuple[str, str], dict[str, None]] = {}
    for file in _decisive(grid):
        record = read_metadata(file) if file.suffix == ".parquet" else _manifest(file)
        for note in record.get("accepted", []):
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
        return dict(read_json(file))
    except UserError:
        return {}


def _decisive(grid: Grid) -> Iterator[Path]:
    """The records of all that decides the numbers of a view, each once."""
    data = [*grid.training_data(), *grid.selection_data(), *grid.evaluation_data()]
    bases = [
        path(base) for base in grid.study.bases for path in (grid.paths.tokenizer, grid.paths.base)
    ]
    tokens = [
        file.replace(f"{grid.paths.root}/data/", f"{grid.paths.root}/tokens/{base}/")
        for base in grid.study.bases
        for file in data
    ]
    models = [*bases, *grid.intermediate_models(), *grid.target_models()]
    cells = [file for file in grid.predictions() if file.endswith(".parquet")]
    files = [*models, *cells, *grid.scores(), *grid.trivial_baselines(), *data, *tokens]
    yield from map(Path, dict.fromkeys(files))
