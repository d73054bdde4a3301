"""Input files of the rules by name: what jobs read, and what the identity of their products has.

Data files that only accompany a manifest are not among them: rules add these as ``ancient``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.checkpoints import checkpoint_files
from xstilts.grid.figures import report_tables, view_tables
from xstilts.grid.views import CHOICE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xstilts.chains import Member
    from xstilts.grid.grid import Grid

Inputs = dict[str, str | list[str]]
"""Name of an input to its file or files."""


def files_of(inputs: Inputs) -> tuple[str, ...]:
    """Return all input files of a job, without duplicates."""
    listed = ([files] if isinstance(files, str) else files for files in inputs.values())
    return tuple(dict.fromkeys(file for files in listed for file in files))


def _data(grid: Grid, members: Iterable[Member], split: str) -> list[str]:
    return [grid.paths.data(member.task, member.language, split) for member in members]


def tokenizer(grid: Grid, base: str) -> Inputs:
    """Return the text on which a base model's tokenizer is trained."""
    return {"manifests": _data(grid, grid.text_members(base), "train")}


def checkpoint(grid: Grid, base: str) -> list[str]:
    """Return the files of a base model in a folder; none of a repository, whose revision is one."""
    path = grid.study.bases[base].path
    return [file.as_posix() for file in checkpoint_files(Path(path))] if path else []


def training(grid: Grid, base: str, seed: int, chain: str, target: str | None) -> Inputs:
    """Return parent, training sets and dev sets of a stage, in the order of its mixture."""
    members = grid.members(base, chain, target)
    dev = grid.dev_members(base, chain, target)
    return {
        "parent": grid.parent(base, seed, chain, target),
        "tokens": [grid.paths.tokens(base, m.task, m.language, "train") for m in members],
        "dev_tokens": [grid.paths.tokens(base, m.task, m.language, "validation") for m in dev],
        "dev_data": _data(grid, dev, "validation"),
    }


def trivial_baselines(grid: Grid, target: str) -> Inputs:
    """Return training sets and evaluation data of a target's trivial baselines."""
    node = grid.targets[target]
    return {
        "train": _data(grid, grid.trivial_baseline_members(target), "train"),
        "data": [grid.paths.data(node.task.name, code, node.split) for code in node.languages],
    }


def overlap(grid: Grid) -> Inputs:
    """Return the data sets that the overlap audit compares."""
    return {"trained": grid.training_data(), "evaluated": grid.evaluation_data()}


def tables(grid: Grid) -> Inputs:
    """Return what the tables of a view are built from."""
    return {
        "scores": grid.scores(),
        "trivial_baselines": grid.trivial_baselines(),
        "overlap": grid.paths.overlap,
    }


def statistics(grid: Grid) -> Inputs:
    """Return what the comparisons of a view are built from, without predictions."""
    # development sets that choose the best strategy of a target
    chosen = [CHOICE] if CHOICE in grid.views and grid.view != CHOICE else []
    return {
        "scores": grid.scores(),
        "choice": [file for view in chosen for file in grid.in_view(view).scores()],
        # for the clusters of examples
        "data": list(
            dict.fromkeys(
                grid.paths.data(node.task.name, code, node.split)
                for node in grid.targets.values()
                for code in node.languages
            )
        ),
        # for the difficulty of intermediate tasks and the size of base models
        "models": [*grid.intermediate_models(), *map(grid.paths.base, grid.study.bases)],
        "claims": list(grid.study.claims),
    }


def figures(grid: Grid) -> Inputs:
    """Return what the figures are drawn from."""
    return {
        "tables": report_tables(grid),
        "models": [*grid.intermediate_models(), *grid.target_models()],
    }


def report(grid: Grid) -> Inputs:
    """Return what the report is built from."""
    return {**figures(grid), "views": view_tables(grid), "overlap": grid.paths.overlap}
