"""The recipe of each stage: defaults, then task, then the study's levels, then the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from xstilts.config.recipe import (
    DEFAULTS,
    RUNNING_KEYS,
    SELECTION_KEYS,
    TASK_KEYS,
    TOKEN_KEYS,
    RecipeOverrides,
)
from xstilts.errors import unknown
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xstilts.chains import Member
    from xstilts.config.study import Study

Position = Literal["pretrain", "intermediate", "target"]


def head_name(task: str) -> str:
    """The head of a task: its own, but one for all masked language modelling."""
    return "mlm" if TASKS[task].kind == "mlm" else task


def stage_recipe(
    study: Study, position: Position, members: Sequence[Member], own: RecipeOverrides
) -> dict[str, Any]:
    """All of a stage's recipe that changes its result.

    Raises:
        UserError: a loss weight names no task, or the stage's own names one that it lacks.
    """
    recipe = _settings(study, position, members, own)
    heads = {head_name(member.task): None for member in members}
    if recipe["selection"] == "last" or set(heads) == {"mlm"}:
        recipe |= {"selection": "last"} | dict.fromkeys(SELECTION_KEYS, 0)
    if set(heads) == {"mlm"}:
        recipe["label_smoothing"] = 0.0
    known = heads if own.loss_weights is not None else dict.fromkeys(map(head_name, TASKS))
    recipe["loss_weights"] = _loss_weights(recipe["loss_weights"], known, heads)
    return {key: value for key, value in recipe.items() if key not in (*TASK_KEYS, *RUNNING_KEYS)}


def stage_running(
    study: Study, position: Position, members: Sequence[Member], own: RecipeOverrides
) -> dict[str, int]:
    """How a stage is run, in numbers: what does not change its result."""
    settings = _settings(study, position, members, own)
    return {key: int(settings[key]) for key in RUNNING_KEYS}


def _loss_weights(
    weights: Mapping[str, float], known: Mapping[str, None], heads: Mapping[str, None]
) -> dict[str, float]:
    """Those of the stage's tasks; none for a task alone, and those of 1 go without saying."""
    for name in weights:
        if name not in known:
            raise unknown("task of the mixture", name, known, "loss_weights")
    if len(heads) == 1:
        return {}
    return {name: weights[name] for name in heads if weights.get(name, 1.0) != 1.0}


def _settings(
    study: Study, position: Position, members: Sequence[Member], own: RecipeOverrides
) -> dict[str, Any]:
    """Every key for a stage, from all levels.

    The field's and the study's recipe of a task apply to a stage that trains on that task alone;
    a mixture takes the recipe of its position.
    """
    settings = dict(DEFAULTS)
    tasks = {member.task for member in members}
    only = next(iter(tasks)) if len(tasks) == 1 else None
    if only:
        settings |= dict(TASKS[only].recipe)
    settings |= study.recipes.all.given() | getattr(study.recipes, position).given()
    if only and only in study.recipes.tasks:
        settings |= study.recipes.tasks[only].given()
    return settings | own.given()


def token_options(study: Study, task: str) -> dict[str, int]:
    """Sequence length and window stride of a task, the same in all stages: tokens are shared."""
    options = _task_recipe(study, task)
    return {key: int(options[key]) for key in TOKEN_KEYS}


def null_threshold(study: Study, task: str) -> float:
    """By how much no answer must outscore the best span of a question of this task."""
    return float(_task_recipe(study, task)["null_threshold"])


def _task_recipe(study: Study, task: str) -> dict[str, Any]:
    """The recipe of a task apart from any stage."""
    options = DEFAULTS | dict(TASKS[task].recipe) | study.recipes.all.given()
    if task in study.recipes.tasks:
        options |= study.recipes.tasks[task].given()
    return options
