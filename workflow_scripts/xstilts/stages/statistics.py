"""The statistics of a study, from its scores and predictions."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.config.load import load_claims
from xstilts.errors import UserError
from xstilts.files import write_text
from xstilts.grid.twins import language_twins
from xstilts.grid.views import CHOICE
from xstilts.languages import groupings
from xstilts.microworld.world import properties
from xstilts.prediction.layers import layer_at
from xstilts.results.cells import collect, values_of
from xstilts.results.render import summary_markdown, write_frame
from xstilts.results.score import read_predictions
from xstilts.stages.difficulty import measured_tasks
from xstilts.stages.tables import study_cells, study_header
from xstilts.statistics.best import BEST_SCHEMA, best_table
from xstilts.statistics.claims import CLAIM_SCHEMA, claim_table
from xstilts.statistics.counts import example_counts
from xstilts.statistics.difficulty import (
    DIFFICULTY_SCHEMA,
    difficulty_table,
)
from xstilts.statistics.effects import EFFECT_SCHEMA, contrast_table, effect_table
from xstilts.statistics.groups import GROUP_SCHEMA, group_table
from xstilts.statistics.sample import Sample
from xstilts.statistics.samples import Samples
from xstilts.statistics.scale import (
    SCALE_SCHEMA,
    num_parameters,
    scale_table,
)
from xstilts.statistics.sources import SOURCE_SCHEMA, source_table
from xstilts.statistics.summaries import SUMMARIES
from xstilts.statistics.variance import VARIANCE_SCHEMA, variance_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import pyarrow as pa

    from xstilts.grid import Grid
    from xstilts.results.cells import Cell, Scores
    from xstilts.statistics.counts import Counts
    from xstilts.statistics.sample import Key

MISSING = "no predictions at hand"
NOT_ASKED = "scores only"


def study_samples(grid: Grid, num_threads: int = 1) -> Samples:
    """All scores of a study with their resamplings, and those that choices are made on.

    Args:
        grid: the study.
        num_threads: that resample; they change no result.

    Raises:
        UserError: a score file cannot be used, or a target's predictions are of different examples.
    """
    untrained = [node.model for node in grid.targets.values() if not node.members]
    study, strategies = grid.study, list(grid.study.strategies)
    samples = _samples(grid, num_threads)
    made = Samples(samples, strategies, study.baseline, study.source_language, untrained)
    if CHOICE in grid.views and grid.view != CHOICE:
        dev = grid.in_view(CHOICE)
        made.choice = _samples(dev, num_threads, examples=False)
    return made


def _samples(
    grid: Grid, num_threads: int, *, examples: bool = True
) -> dict[tuple[str, str], Sample]:
    """Scores by model and target; without resamplings where examples are not looked at.

    Targets have the names of the study's own, so that claims and choices find them in every view.
    """
    cells = study_cells(grid)
    rows = collect(cells)
    values = values_of(rows, cells)
    sizes: dict[str, dict[str, int]] = {}
    for target, language, n in zip(rows["target"], rows["language"], rows["n"], strict=True):
        sizes.setdefault(target, {})[language] = int(n)
    places = {(c.base, c.strategy, c.target, c.seed): c for c in grid.cells()}
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.model, cell.target), []).append(cell)
    samples = {}
    for (model, target), members in groups.items():
        node = grid.targets[target]
        read = _reader(grid, target)
        scores: dict[Key, float] = {}
        counts: dict[Key, Counts | str] = {}
        for cell in members:
            place = places[model, cell.strategy, target, cell.seed]
            for language, value in _of(values, cell).items():
                key = (cell.strategy, cell.seed, language)
                path = grid.prediction(model, cell.seed, place.stages, target, language)
                scores[key] = value
                counts[key] = read(path, language) if examples else NOT_ASKED
        name = f"{node.task.name}/{node.split}"
        samples[model, node.model] = Sample(
            name, scores, counts, sizes.get(target, {}), grid.study.replicates, num_threads
        )
    return samples


def language_groups(grid: Grid) -> dict[str, dict[str, str]]:
    """Kind of grouping to the group of each evaluated language."""
    codes = [code for node in grid.targets.values() for code in node.languages]
    if grid.names.coverage.world is None:
        return groupings(codes)
    # of invented languages by their properties
    found = {"language": {code: code for code in dict.fromkeys(codes)}}
    for name in ("order", "script"):
        found[name] = {row["code"]: str(row[name]) for row in properties(grid.names.coverage.world)}
    return found


def _of(values: Scores, cell: Cell) -> dict[str, float]:
    return values.get((cell.model, cell.strategy, cell.target, cell.seed), {})


def _reader(grid: Grid, target: str) -> Callable[[str, str], Counts | str]:
    """A function of prediction file and language: its counts, or why there are none."""
    task, metric = grid.targets[target].task, grid.headline(target)
    depth = grid.depth(target)

    # two strategies may be one chain and share the file
    @cache
    def read(path: str, language: str) -> Counts | str:
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


def parameters(grid: Grid) -> dict[str, int]:
    """Base model to its number of weights, for those that are here."""
    sizes = {base: num_parameters(Path(grid.paths.base(base)).parent) for base in grid.study.bases}
    return {base: size for base, size in sizes.items() if size is not None}


def build_statistics(grid: Grid, out: Path, num_threads: int = 1) -> None:
    """Write all comparisons, and the claims, from what there is, to the folder ``out``."""
    samples = study_samples(grid, num_threads)
    header, family = study_header(grid), grid.study.correct_over

    def write(name: str, table: pd.DataFrame, schema: pa.Schema) -> None:
        write_frame(out / name, table, schema)
        write_text(out / f"{name}.md", summary_markdown(SUMMARIES[name](table, header), header))

    effects = effect_table(samples, family)
    write("effects", effects, EFFECT_SCHEMA)
    write("contrasts", contrast_table(samples, grid.study.contrasts, family), EFFECT_SCHEMA)
    write("groups", group_table(samples, language_groups(grid)), GROUP_SCHEMA)
    write("best", best_table(samples), BEST_SCHEMA)
    write("sources", source_table(samples, language_twins(grid)), SOURCE_SCHEMA)
    write("difficulty", difficulty_table(measured_tasks(grid), effects), DIFFICULTY_SCHEMA)
    write("scale", scale_table(effects, parameters(grid)), SCALE_SCHEMA)
    write("variance", variance_table(samples), VARIANCE_SCHEMA)
    files = [(file, load_claims(Path(file)).claims) for file in grid.study.claims]
    setting = "microworld" if grid.study.source == "microworld" else ""
    write("claims", claim_table(files, samples, setting), CLAIM_SCHEMA)
