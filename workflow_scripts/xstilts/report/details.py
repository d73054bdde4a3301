"""Details of each cell of the heat map: stages, recipes, and example predictions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.manifest import find_manifest
from xstilts.report.examples import Example, examples
from xstilts.report.links import cell_anchor, recipe_anchor

if TYPE_CHECKING:
    from xstilts.report.frames import Frames
    from xstilts.report.source import CellFiles, Source

ALL_EXAMPLES = 4000
"""Maximum number of examples in the page, about two megabytes."""
_LANGUAGES = 3
_PER_LANGUAGE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Seed:
    """One seed of a cell."""

    seed: int
    score: float | None
    identity: str
    """Identity of the predicting model from its manifest; empty if there is none."""
    seconds: float | None
    """Training time of its last stage."""
    log: str
    """Log of the training of its last stage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """A recipe that stages share."""

    anchor: str
    name: str
    settings: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One stage of a chain."""

    name: str
    mixture: str
    recipe: Recipe


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """One model, strategy and target."""

    anchor: str
    title: str
    chain: str
    stages: tuple[Stage, ...]
    """From the first stage after the base to the predicting one, of the first finished seed."""
    seeds: tuple[Seed, ...]
    worst: tuple[tuple[str, float], ...]
    """Languages and their scores, the worst first."""
    examples: tuple[Example, ...]


@dataclass(slots=True)
class Recipes:
    """The distinct recipes of a study."""

    by_content: dict[str, Recipe] = field(default_factory=dict)

    def add(self, settings: dict[str, Any]) -> Recipe:
        """Return the recipe with these settings, a new one if there is none."""
        key = json.dumps(settings, sort_keys=True)
        number = len(self.by_content) + 1
        recipe = Recipe(anchor=recipe_anchor(number), name=f"recipe {number}", settings=settings)
        return self.by_content.setdefault(key, recipe)


def details(frames: Frames) -> tuple[list[Detail], list[Recipe]]:
    """The details of every model, strategy and target, and the recipes that they refer to."""
    groups: dict[tuple[str, str, str], list[CellFiles]] = {}
    for cell in frames.source.cells:
        groups.setdefault((cell.model, cell.strategy, cell.target), []).append(cell)
    recipes = Recipes()
    languages = min(_LANGUAGES, ALL_EXAMPLES // (_PER_LANGUAGE * max(1, len(groups))))
    scores = frames.scores.set_index(["model", "strategy", "target", "seed"])["score"].to_dict()
    worst = _worst(frames)
    found = [
        _detail(frames.source, group, cells, scores, worst.get(group, ()), recipes, languages)
        for group, cells in groups.items()
    ]
    return found, list(recipes.by_content.values())


def _worst(frames: Frames) -> dict[tuple[str, str, str], tuple[tuple[str, float], ...]]:
    rows = frames.languages[frames.languages["mean"].notna()].sort_values("mean", kind="stable")
    return {
        (str(model), str(strategy), str(target)): tuple(
            zip(group["language"], group["mean"].astype(float), strict=True)
        )
        for (model, strategy, target), group in rows.groupby(["model", "strategy", "target"])
    }


def _detail(
    source: Source,
    group: tuple[str, str, str],
    cells: list[CellFiles],
    scores: dict[Any, float],
    worst: tuple[tuple[str, float], ...],
    recipes: Recipes,
    languages: int,
) -> Detail:
    model, strategy, target = group
    finished = [cell for cell in cells if (*group, cell.seed) in scores]
    found: list[Example] = []
    for language, _ in worst[:languages] if finished else ():
        found += examples(source, finished[0], language, _PER_LANGUAGE)
    return Detail(
        anchor=cell_anchor(*group),
        title=f"{strategy} / {target}",
        chain=f"{model} → {source.strategies.get(strategy, strategy)}",
        stages=tuple(_stages(source, (finished or cells)[0], recipes)),
        seeds=tuple(_seed(source, cell, scores.get((*group, cell.seed))) for cell in cells),
        worst=worst[:_LANGUAGES],
        examples=tuple(found),
    )


def _stages(source: Source, cell: CellFiles, recipes: Recipes) -> list[Stage]:
    stages = []
    for folder in cell.stages:
        found = find_manifest(source.root / folder / "manifest.json")
        # the section "Missing" has the reason
        declared = found.identity["declared"] if found else {}
        if "recipe" in declared:
            mixture = " + ".join(declared.get("mixture", ()))
            # pretrained bases are given, not trained here, and have no recipe
            recipe = recipes.add(declared["recipe"])
            stages.append(Stage(name=folder, mixture=mixture, recipe=recipe))
    return stages


def _seed(source: Source, cell: CellFiles, score: float | None) -> Seed:
    last = cell.stages[-1]
    found = find_manifest(source.root / last / "manifest.json")
    log = Path("logs") / f"{last}.log"
    return Seed(
        seed=cell.seed,
        score=score,
        identity=found.id if found else "",
        seconds=found.facts.get("seconds") if found else None,
        log=(source.root / log).as_posix(),
    )
