"""Statistics of a study, from its scores and predictions."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.comparisons.base import StudyResults
from xstilts.comparisons.registry import load_comparisons
from xstilts.data.clusters import read_clusters
from xstilts.errors import UserError
from xstilts.files import write_text
from xstilts.grid.views import CHOICE
from xstilts.jobs.tables import study_cells, study_header
from xstilts.layers import layer_at
from xstilts.paths import data_file
from xstilts.results.cells import collect, values_of
from xstilts.results.render import summary_markdown, write_frame
from xstilts.results.score import read_predictions
from xstilts.schema_metadata import require_undamaged
from xstilts.statistics.clusters import FEWEST, joined_clusters, too_few
from xstilts.statistics.counts import example_counts
from xstilts.statistics.left_out import LeftOut
from xstilts.statistics.study_scores import StudyScores
from xstilts.statistics.target_scores import TargetScores

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import pandas as pd

    from xstilts.grid import Grid
    from xstilts.results.cells import Cell, Scores
    from xstilts.statistics.clusters import Clusters
    from xstilts.statistics.counts import Counts
    from xstilts.statistics.target_scores import Key

MISSING = "predictions are missing"
NOT_ASKED = "scores only"
NO_DATA = "their data set is missing"


def study_scores(grid: Grid) -> StudyScores:
    """Return a study's scores with bootstrap replicates, and the dev scores used for selection.

    Raises:
        UserError: a score or prediction file is damaged, or a target's predictions are of
            different examples.
    """
    untrained = [node.model for node in grid.targets.values() if not node.members]
    study, strategies = grid.study, list(grid.study.strategies)
    made = StudyScores(
        _target_scores(grid), strategies, study.baseline, study.source_language, untrained
    )
    made.left_out = _left_out(grid)
    if CHOICE in grid.views and grid.view != CHOICE:
        dev = grid.in_view(CHOICE)
        made.choice = _target_scores(dev, examples=False)
    return made


def _left_out(grid: Grid) -> LeftOut:
    """Return what claims cannot be decided on; targets as the claims name them."""
    gaps, whole = grid.gaps, grid.whole
    left = {old: new.rpartition("(")[2].rstrip(")") for old, new in gaps.renamed.items()}
    return LeftOut(
        strategies={name: f"{name} is left out" for name in gaps.strategies} | left,
        num_strategies=len(whole.study.strategies) - 1,
        targets=frozenset(
            node.model for name, node in whole.targets.items() if name in gaps.targets
        ),
        num_targets=len(whole.targets),
        languages={
            node.model: f"{len(grid.targets[name].languages)} of {len(node.languages)} languages "
            f"of {node.model}"
            for name, node in whole.targets.items()
            if name in gaps.languages and name in grid.targets
        },
    )


def _target_scores(grid: Grid, *, examples: bool = True) -> dict[tuple[str, str], TargetScores]:
    """Return scores by model and target, with counts per example for replicates if ``examples``.

    Targets are named as in the study itself, so that claims and selection find them in every view.
    """
    cells = study_cells(grid)
    rows = collect(cells)
    values, sizes = values_of(rows, cells), sizes_of(rows)
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.model, cell.target), []).append(cell)
    return {
        (model, grid.targets[target].model): scores_of(
            grid, target, members, values, sizes.get(target, {}), examples=examples
        )
        for (model, target), members in groups.items()
    }


def sizes_of(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return target to language to number of examples, of result rows."""
    sizes: dict[str, dict[str, int]] = {}
    for target, language, n in zip(rows["target"], rows["language"], rows["n"], strict=True):
        sizes.setdefault(target, {})[language] = int(n)
    return sizes


def scores_of(
    grid: Grid,
    target: str,
    cells: Sequence[Cell],
    values: Scores,
    sizes: Mapping[str, int],
    *,
    examples: bool = True,
) -> TargetScores:
    """Return the scores of cells of one base model and target.

    Args:
        grid: the study.
        target: their target.
        cells: the cells.
        values: their scores (``results.cells.values_of``).
        sizes: language to number of examples.
        examples: False leaves out the counts per example, and with them the replicates.

    Raises:
        UserError: a prediction file is damaged, or predictions are of different examples.
    """
    node = grid.targets[target]
    read = _reader(grid, target)
    scores: dict[Key, float] = {}
    counts: dict[Key, Counts | str] = {}
    for cell in cells:
        stages = grid.stages_of(cell.chain)
        for language, value in _of(values, cell).items():
            key = (cell.strategy, cell.seed, language)
            path = grid.prediction(cell.model, cell.seed, stages, target, language)
            scores[key] = value
            counts[key] = read(path, language) if examples else NOT_ASKED
    name = f"{node.task.name}/{node.split}"
    languages = {language for _, _, language in counts} if examples else set()
    clusters, notes = _clusters(grid, target, languages)
    return TargetScores(name, scores, counts, sizes, grid.study.replicates, clusters, notes)


def _clusters(
    grid: Grid, target: str, languages: Collection[str]
) -> tuple[Clusters, dict[str, str]]:
    """Return the clusters of a target's examples, and which languages lack them for what reason."""
    node = grid.targets[target]
    own: dict[str, dict[str, str | None]] = {}
    notes = {}
    for language in sorted(languages):
        path = Path(data_file(grid.paths.data(node.task.name, language, node.split)))
        if not path.is_file():
            notes[language] = NO_DATA
            continue
        own[language] = read_clusters(path, node.task.kind)
        if too_few(own[language]):
            own[language] = dict.fromkeys(own[language])
            notes[language] = f"fewer than {FEWEST} clusters"
    # queries of a retrieval task are numbered in the order of their text
    return joined_clusters(own, shared_ids=node.task.kind != "retrieval"), notes


def _of(values: Scores, cell: Cell) -> dict[str, float]:
    return values.get((cell.model, cell.strategy, cell.target, cell.seed), {})


def _reader(grid: Grid, target: str) -> Callable[[str, str], Counts | str]:
    """Return a function of prediction file and language: its counts, or why it has none."""
    task, metric = grid.targets[target].task, grid.headline(target)
    depth = grid.depth(target)

    # strategies with the same chain share the file
    @cache
    def read(path: str, language: str) -> Counts | str:
        if not Path(path).is_file():
            return MISSING
        require_undamaged(Path(path))
        try:
            table, record = read_predictions(Path(path), task.kind)
        except UserError:
            return MISSING
        layer = None
        if depth is not None:
            layer = layer_at(depth, record["num_layers"])
        return example_counts(
            task.kind, metric, table, scorer=task.scorer, language=language, layer=layer
        )

    return read


def build_statistics(grid: Grid, out: Path) -> None:
    """Write all comparisons, of the scores that exist, to the folder ``out``."""
    results, header = StudyResults(grid, study_scores(grid)), study_header(grid)
    for name, comparison in load_comparisons().items():
        table = comparison.build(results)
        write_frame(out / name, table, comparison.schema)
        text = summary_markdown(comparison.summarise(table, header), header)
        write_text(out / f"{name}.md", text)
