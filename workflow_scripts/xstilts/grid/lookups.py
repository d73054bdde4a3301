"""Inputs and limits of rules besides manifests: data files only where they were deleted.

A manifest is written after its data files, by the same job. It makes what depends on them run
again, so that a file that exists adds nothing as an ``ancient`` input, and one that is not made yet
is made with its manifest. Snakemake looks up the rule, the existence and the time of each input of
each job: with all data files this was half of the time of a dry run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.paths import data_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xstilts.grid.grid import Grid


def deleted_files(files: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the files that are missing although the manifest that was made after them exists.

    Args:
        files: manifest to files that were made before it.
    """
    return [
        file
        for manifest, earlier in files.items()
        if Path(manifest).exists()
        for file in earlier
        if not Path(file).exists()
    ]


def deleted_data(manifests: Iterable[str]) -> list[str]:
    """Return the deleted data files of data and token manifests."""
    return deleted_files({manifest: [data_file(manifest)] for manifest in manifests})


def deleted_examples(grid: Grid, base: str, target: str) -> list[str]:
    """Return what was deleted of a target's evaluation data, manifests included.

    Its tokens are made from them and change with them. Prediction reads both.
    """
    node = grid.names.all_targets[target]
    made_from = {}
    for code in node.languages:
        data = grid.paths.data(node.task.name, code, node.split)
        made_from[grid.tokens(base, node, code)] = [data, data_file(data)]
    return deleted_files(made_from)


def predictions(grid: Grid) -> list[str]:
    """Return the manifests of a view's predicted cells, and their deleted prediction files."""
    cells: dict[str, list[str]] = {}
    for file in grid.predictions():
        folder = file.rpartition("/")[0]
        cells.setdefault(f"{folder}/manifest.json", []).append(file)
    return [*cells, *deleted_files(cells)]


def max_unknown_percent(grid: Grid, base: str, language: str, split: str) -> int:
    """Return the largest accepted share of unknown tokens in a data set, in percent.

    A model that cannot read a training set, or the source language, has another model's tokenizer.
    One that cannot read an evaluated language may simply lack its script: that is a finding, which
    tables and report mark.
    """
    if split != "train" and language != grid.study.source_language:
        return 100
    return round(100 * grid.study.bases[base].max_unknown)
