"""Planned jobs of a study with their work, derived from its grid."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xstilts.config.recipe import Recipe
from xstilts.grid.recipes import head_name
from xstilts.models.shape import EncoderShape
from xstilts.plan.lengths import Sequences, Unknown, sequences
from xstilts.plan.shapes import known_shape
from xstilts.plan.work import Work, forward_flops, masked_flops, training_factor
from xstilts.training.mixture import num_steps, sampling_probabilities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xstilts.grid import Grid
    from xstilts.plan.history import Kind

MAPPED = ("classification", "span", "multiple_choice")
"""Kinds whose stages keep a data map (``training.data_map``)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A training or prediction of a study, once per seed."""

    base: str
    position: str
    """``pretrain``, ``intermediate 1`` and so on, ``target``, ``prediction``."""
    chain: str
    target: str | None
    kind: Kind
    precision: str
    products: tuple[str, ...]
    """Manifests, one per seed."""
    steps: int = 0
    mapped: int = 0
    """Training examples in the data map that is saved with the model."""
    work: Work | None = None
    """None if a size is unknown."""
    unknown: str = ""
    """The unknown quantity; empty if all are known."""
    bounds: frozenset[str] = field(default=frozenset())
    """Reasons why the work is an upper bound; empty if it is exact."""
    assumed: bool = False
    """True if lengths are typical ones, as the data are not tokenised yet."""


@dataclass(slots=True)
class _Notes:
    """Remarks collected while a job's sizes are looked up."""

    bounds: set[str] = field(default_factory=set)
    assumed: bool = False

    def add(self, found: Sequences) -> Sequences:
        self.assumed |= not found.measured
        if found.at_most:
            self.bounds.add("of some data sets only the largest possible size is known")
        return found


def planned_jobs(grid: Grid, parameters: Mapping[str, float]) -> list[Planned]:
    """Return all trainings and predictions of a study, with their work if known.

    Args:
        grid: the study.
        parameters: parameters without embeddings by base, given by the user for unknown models.
    """
    found: list[Planned] = []
    for base in grid.study.bases:
        shape = known_shape(grid, base) or _given(parameters.get(base))
        found += [_training(grid, base, shape, *stage) for stage in grid.trained_with_base(base)]
        found += list(_predictions(grid, base, shape))
    return found


def _given(parameters: float | None) -> EncoderShape | None:
    """Return a shape with this many weights in one square layer, without attention."""
    if parameters is None:
        return None
    side = math.sqrt(parameters / 4)
    return EncoderShape(
        width=round(side), layers=1, heads=1, inner=0, vocabulary=0, positions=0, family="gemma",
        head_width=round(side),
    )  # fmt: skip


def _training(
    grid: Grid, base: str, shape: EncoderShape | None, chain: str, target: str | None
) -> Planned:
    stages, seeds = grid.stages_of(chain), grid.study.seeds
    if target:
        position = "target"
        products = [grid.paths.target(base, seed, stages, target) for seed in seeds]
    elif stages:
        position = f"intermediate {len(stages)}"
        products = [grid.paths.intermediate(base, seed, stages) for seed in seeds]
    else:
        position, products = "pretrain", [grid.paths.base(base)]
    recipe = Recipe(**grid.recipe(base, chain, target))
    notes, work, unknown, steps, mapped = _Notes(), None, "", 0, 0
    try:
        if shape is None:
            raise Unknown(f"the shape of {base}")
        steps, mapped, work = _training_work(grid, base, shape, chain, target, recipe, notes)
    except Unknown as error:
        unknown = str(error)
    return Planned(
        base=base, position=position, chain=chain, target=target, kind="training",
        precision=recipe.precision, products=tuple(products), steps=steps, mapped=mapped,
        work=work, unknown=unknown, bounds=frozenset(notes.bounds), assumed=notes.assumed,
    )  # fmt: skip


def _training_work(
    grid: Grid,
    base: str,
    shape: EncoderShape,
    chain: str,
    target: str | None,
    recipe: Recipe,
    notes: _Notes,
) -> tuple[int, int, Work]:
    """Return optimiser steps, examples in the data map, and work with all dev evaluations."""
    by_head: dict[str, list[Sequences]] = {}
    for member in grid.members(base, chain, target):
        found = notes.add(sequences(grid, base, member.task, member.language, "train"))
        by_head.setdefault(head_name(member.task), []).append(
            found.first(recipe.max_train_examples)
        )
    sizes = [max(1, round(sum(part.units for part in parts))) for parts in by_head.values()]
    steps = num_steps(sizes, recipe)
    flops = total = mapped = 0.0
    for (head, parts), share in zip(
        by_head.items(), sampling_probabilities(sizes, recipe), strict=True
    ):
        count = sum(part.count for part in parts)
        length = sum(part.count * part.length for part in parts) / count
        units = sum(part.units for part in parts)
        # the last batch of an epoch is not full
        batch = units / math.ceil(units / recipe.batch_size)
        tokens = steps * float(share) * batch * parts[0].per_example * length
        flops += forward_flops(shape, tokens, length)
        if head == "mlm":
            flops += masked_flops(shape, tokens, recipe.mlm_probability)
        total += tokens
        if (
            head != "mlm"
            and grid.study.known_tasks[head].kind in MAPPED
            and not recipe.label_smoothing
        ):
            mapped += min(units, steps * float(share) * recipe.batch_size)
    flops *= training_factor(grid.runtime(base, chain, target))
    flops += _evaluations(grid, base, shape, chain, target, recipe, steps, notes)
    return steps, round(mapped), Work(flops, steps, total)


def _evaluations(
    grid: Grid,
    base: str,
    shape: EncoderShape,
    chain: str,
    target: str | None,
    recipe: Recipe,
    steps: int,
    notes: _Notes,
) -> float:
    """Return the operations of all dev evaluations; early stopping has fewer of them."""
    dev = grid.dev_members(base, chain, target)
    if not dev:
        return 0.0
    rounds = math.ceil(steps / recipe.eval_steps) if recipe.eval_steps else 1
    if recipe.patience and rounds > recipe.patience:
        notes.bounds.add("stages that stop early take less")
    once = 0.0
    for member in dev:
        found = notes.add(sequences(grid, base, member.task, member.language, "validation"))
        part = found.first(recipe.dev_examples)
        once += forward_flops(shape, part.count * part.length, part.length)
    return rounds * once


def _predictions(grid: Grid, base: str, shape: EncoderShape | None) -> Iterator[Planned]:
    works: dict[str, tuple[Work | None, str, _Notes]] = {}
    for target in grid.targets:
        works[target] = _prediction_work(grid, base, shape, target)
    for chain, target in itertools.product(grid.strategy_chains, grid.targets):
        work, unknown, notes = works[target]
        stages = grid.stages_of(chain)
        cells = [grid.paths.cell("predictions", base, s, stages, target) for s in grid.study.seeds]
        yield Planned(
            base=base, position="prediction", chain=chain, target=target, kind="prediction",
            precision=grid.study.prediction_precision,
            products=tuple(f"{cell}/manifest.json" for cell in cells),
            work=work, unknown=unknown, bounds=frozenset(notes.bounds), assumed=notes.assumed,
        )  # fmt: skip


def _prediction_work(
    grid: Grid, base: str, shape: EncoderShape | None, target: str
) -> tuple[Work | None, str, _Notes]:
    """Return the work of predicting all languages of a target once."""
    node, notes, total = grid.targets[target], _Notes(), Work(0, 0)
    if shape is None:
        return None, f"the shape of {base}", notes
    for language in node.languages:
        try:
            found = notes.add(sequences(grid, base, node.task.name, language, node.split))
        except Unknown as error:
            return None, str(error), notes
        tokens = found.count * found.length
        total += Work(forward_flops(shape, tokens, found.length), 1, tokens)
    return total, "", notes
