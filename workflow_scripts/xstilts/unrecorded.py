"""Products without a current record in Snakemake's metadata, compared with their own identity.

Snakemake considers an output up to date if ``.snakemake/metadata`` has no record of it: after
copying results, or when another checkout made them. The start of a run therefore compares such
products with the study, as ``xstilts explain`` does, and writes a record of the identity with which
an outdated one was made. Snakemake then finds that its parameters have changed, and makes it again.

A record that is older than its file does not count: another checkout has replaced the product.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.comparison_names import COMPARISONS
from xstilts.grid import submissions
from xstilts.grid.figures import TABLES, figure_files
from xstilts.grid.products import find_product, identity_files
from xstilts.paths import data_file
from xstilts.snakemake_metadata import SnakemakeMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xstilts.explain import Disk
    from xstilts.grid.grid import Grid
    from xstilts.grid.products import Product

SHOWN = 3
"""Number of outdated products that the message lists by name."""


def record_outdated(grid: Grid, version: int, snakemake: SnakemakeMetadata | None = None) -> str:
    """Record outdated products, so that Snakemake makes them again.

    Args:
        grid: the study.
        version: version of the format of Snakemake's records.
        snakemake: Snakemake's metadata; by default that of the working directory.

    Returns:
        A message for the user; empty if Snakemake's records are complete.

    Raises:
        UserError: the manifest of a product is damaged.
    """
    snakemake = snakemake or SnakemakeMetadata()
    unrecorded = {
        file: outputs
        for file in _identity_files(grid)
        if (outputs := [o for o in _outputs(file) if _is_unrecorded(o, file, snakemake)])
    }
    outdated = _record(grid, unrecorded, version, snakemake) if unrecorded else []
    summaries = [o for o in _summaries(grid) if Path(o).exists() and not snakemake.has(o)]
    for output in summaries:
        # these hold no identity, and take seconds to make
        snakemake.add(output, ["'unknown'"], version)
    return _message(grid, len(unrecorded), outdated, summaries)


def _record(
    grid: Grid, unrecorded: Mapping[str, list[str]], version: int, snakemake: SnakemakeMetadata
) -> list[str]:
    """Compare products with the study, and record the outdated ones; return their names."""
    # imports pyarrow, which takes as long as all that a usual start does here
    from xstilts.explain import Disk

    disk, outdated = Disk(grid, snakemake), []
    for file, outputs in unrecorded.items():
        item = find_product(grid, file)
        params = _params(item, disk)
        outdated += [item.name] if params else []
        for output in outputs:
            if params:
                snakemake.add(output, params, version)
            else:
                snakemake.touch(output)
    return outdated


def _identity_files(grid: Grid) -> list[str]:
    """Return the identity files of all products of a study but its summaries."""
    return [*grid.of_all_views(identity_files), *submissions.manifests(grid)]


def _outputs(file: str) -> Iterator[str]:
    """Yield the output files of a product's job that are up to date if the product is."""
    yield file
    kind = Path(file).parts[2]
    if kind in ("data", "tokens"):
        yield data_file(file)
    elif kind == "predictions":
        yield Path(file).with_name("manifest.json").as_posix()


def _is_unrecorded(output: str, file: str, snakemake: SnakemakeMetadata) -> bool:
    """Return True if an output exists without a record that is as new as its identity file."""
    try:
        made = Path(file).stat().st_mtime_ns
    except FileNotFoundError:
        return False
    return Path(output).exists() and snakemake.recorded_at(output) < made


def _params(item: Product, disk: Disk) -> list[str]:
    """Return the parameters with which an outdated product was made; empty if it is up to date."""
    made_with: dict[str, Any] | None = disk.made_with(item)
    if made_with is None:
        return ["'unknown'"]
    if not disk.changes(item):
        return []
    declared = made_with["declared"]
    # `xstilts accept` finds the declared identity here, and replaces its code
    return [repr(declared)] + (["'other inputs'"] if declared == item.declared else [])


def _summaries(grid: Grid) -> Iterable[str]:
    """Return the files of tables, figures and report."""
    folders = [grid.in_view(view).paths.tables for view in grid.views]
    ends = ("md", "csv", "parquet", "tex")
    names = [f"{name}.{end}" for name in (*TABLES, *COMPARISONS) for end in ends]
    tables = [f"{folder}/{name}" for folder in folders for name in names]
    return [*tables, grid.paths.overlap, *figure_files(grid), grid.paths.report]


def _message(grid: Grid, compared: int, outdated: list[str], summaries: list[str]) -> str:
    if not compared and not summaries:
        return ""
    text = (
        f"{grid.paths.root}: {compared} products are not in Snakemake's metadata of this folder, "
        "as after copying them or making them elsewhere, and were compared with the study: "
    )
    more = f" and {len(outdated) - SHOWN} more" if len(outdated) > SHOWN else ""
    names = f" ({', '.join(outdated[:SHOWN])}{more})" if outdated else ""
    text += f"{len(outdated) or 'none'} of them out of date{names}."
    return text + (" Tables, figures and report are made again." if summaries else "")
