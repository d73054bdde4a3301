"""The recipe of each stage: defaults, then task, then the study's levels, then the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from xstilts.config.recipe import (
    DEFAULTS,
    SELECTION_KEYS,
    TASK_KEYS,
    TOKEN_KEYS,
    RecipeOverrides,
)
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.chains import Member
    from xstilts.config.study import Study

Position = Literal["pretrain", "intermediate", "target"]


def stage_recipe(
    study: Study, position: Position, members: Sequence[Member], own: RecipeOverrides
) -> dict[str, Any]:
    """The full training recipe of a stage.

    The field's and the study's recipe of a task apply to a stage that trains on that task alone;
    a mixture takes the recipe of its position.
    """
    recipe = dict(DEFAULTS)
    tasks = {member.task for member in members}
    only = next(iter(tasks)) if len(tasks) == 1 else None
    if only:
        recipe |= dict(TASKS[only].recipe)
    recipe |= study.recipes.all.given() | getattr(study.recipes, position).given()
    if only and only in study.recipes.tasks:
        recipe |= study.recipes.tasks[only].given()
    recipe |= own.given()
    if recipe["selection"] == "last" or all(TASKS[task].kind == "mlm" for task in tasks):
        recipe |= {"selection": "last"} | dict.fromkeys(SELECTION_KEYS, 0)
    return {key: value for key, value in recipe.items() if key not in TASK_KEYS}


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
