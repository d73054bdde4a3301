"""The data sets of a study by name, and what the manifests of those that were read say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from xstilts.manifest import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.grid.grid import Grid
    from xstilts.kinds import Split


def data_manifests(grid: Grid) -> Iterator[tuple[str, str, Split, str]]:
    """Yield (task, language, split, manifest) of each data set of a study, once."""
    paths = (*grid.training_data(), *grid.selection_data(), *grid.evaluation_data())
    for path in dict.fromkeys(paths):
        _, _, _, task, language, split = path.removesuffix(".json").split("/")
        yield task, language, cast("Split", split), path


def read_sets(grid: Grid) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield (task, language, split, facts) of each data set that has been read.

    Raises:
        UserError: a manifest is truncated or damaged.
    """
    for task, language, split, path in data_manifests(grid):
        if facts := facts_of(Path(path)):
            yield task, language, split, facts
