"""Order of jobs: finish cells first, seed by seed, cheap trainings before expensive ones."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from xstilts.chains import translation_language

if TYPE_CHECKING:
    from xstilts.grid.grid import Grid
    from xstilts.kinds import Split

FIRST = 100
"""Data, imports and their check: bad input is reported before a GPU is used."""
SCORES = 95
PREDICTIONS = 70
"""Predictions of finished models, before more models are trained."""
TOKENS = 65
TRAININGS = 20
"""Trainings, up to ``TRAININGS + RANGE``."""
RANGE = 40
TRIVIAL_BASELINES = 10
"""Needed by the tables only."""

_UNKNOWN = 1e9
"""Cost of a data set of unknown size, which is taken to be large."""


def training(grid: Grid, base: str, seed: int, chain: str, target: str | None) -> float:
    """Return the priority of a training: first seeds first, then target stages, then cheap ones.

    A study that is stopped early thus has whole tables of its first seeds.

    Args:
        grid: the study.
        base: base model.
        seed: seed of the training.
        chain: intermediate stages.
        target: target of a target stage; None for an intermediate stage or pretraining.
    """
    seeds = grid.study.seeds
    per_seed = RANGE / len(seeds)
    rank = len(seeds) - 1 - (seeds.index(seed) if seed in seeds else 0)
    depth = 0.5 if target is not None else 0.0
    costs = _costs(grid)
    cheap = 0.4 * (1 - costs[base, chain, target] / max(costs.values()))
    return TRAININGS + per_seed * (rank + depth + cheap)


def prediction(grid: Grid, target: str) -> float:
    """Return the priority of the predictions of a target: those with few examples first."""
    sizes = _evaluated(grid)
    return PREDICTIONS + 10 * (1 - sizes[target] / max(sizes.values()))


@lru_cache(maxsize=4)
def _costs(grid: Grid) -> dict[tuple[str, str, str | None], float]:
    """Return the approximate words of every training, by base, chain and target."""
    return {
        (base, chain, target): _cost(grid, base, chain, target)
        for base in grid.study.bases
        for chain, target in grid.trained_with_base(base)
    }


def _cost(grid: Grid, base: str, chain: str, target: str | None) -> float:
    recipe = grid.recipe(base, chain, target)
    sizes = [
        _size(grid, member.task, member.language, "train")
        for member in grid.members(base, chain, target)
    ]
    if limit := recipe["max_train_examples"]:
        sizes = [(min(count, limit), words) for count, words in sizes]
    if steps := recipe["max_steps"]:
        mean = sum(words for _, words in sizes) / max(len(sizes), 1)
        return float(steps * recipe["batch_size"] * mean)
    return float(recipe["epochs"] * sum(count * words for count, words in sizes))


@lru_cache(maxsize=4)
def _evaluated(grid: Grid) -> dict[str, float]:
    """Return the approximate words of the evaluation sets of every target."""
    found = {}
    for name, node in grid.names.all_targets.items():
        sizes = [_size(grid, node.task.name, code, node.split) for code in node.languages]
        found[name] = sum(count * words for count, words in sizes)
    return found


def _size(grid: Grid, task: str, language: str, split: Split) -> tuple[float, float]:
    """Return the approximate examples of a data set, and words per example."""
    spec = grid.study.known_tasks[task]
    words = spec.choices * spec.words or 30
    if grid.names.coverage.world:
        own = grid.study.microworld.tasks.get(task)
        return getattr(own or grid.study.microworld.sizes, split), words
    size = spec.size(translation_language(language) or language, split)
    return (max(size) if isinstance(size, tuple) else size) or _UNKNOWN / words, words
