"""The recipe of each stage: defaults, task, the study's levels, the base model, the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from xstilts.config.adapters import Lora
from xstilts.config.recipe import (
    RUNTIME_KEYS,
    SELECTION_KEYS,
    TASK_KEYS,
    TOKEN_KEYS,
    Recipe,
)
from xstilts.errors import UserError, unknown
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
    study: Study,
    position: Position,
    members: Sequence[Member],
    narrower: Sequence[Recipe],
) -> dict[str, Any]:
    """All of a stage's recipe that changes its result.

    Args:
        study: the study.
        position: of the stage in its chain.
        members: its training sets.
        narrower: overrides of levels that are narrower than the study's, the narrowest last.

    Raises:
        UserError: a loss weight names no task, the stage's own names one that it lacks, or
            quantised weights are to take adapters in.
    """
    recipe = _settings(study, position, members, narrower)
    heads = {head_name(member.task): None for member in members}
    if recipe["selection"] == "last" or set(heads) == {"mlm"}:
        recipe |= {"selection": "last"} | dict.fromkeys(SELECTION_KEYS, 0)
    if set(heads) == {"mlm"}:
        recipe["label_smoothing"] = 0.0
    lora = None if position == "pretrain" else _lora(recipe["lora"])
    # without adapters the key is not there, so that it is no part of what such a stage is
    recipe = {key: value for key, value in recipe.items() if key != "lora"}
    recipe |= {"lora": lora} if lora else {}
    own = bool(narrower) and "loss_weights" in narrower[-1].model_fields_set
    known = heads if own else dict.fromkeys(map(head_name, TASKS))
    recipe["loss_weights"] = _loss_weights(recipe["loss_weights"], known, heads)
    return {key: value for key, value in recipe.items() if key not in (*TASK_KEYS, *RUNTIME_KEYS)}


def stage_runtime(
    study: Study,
    position: Position,
    members: Sequence[Member],
    narrower: Sequence[Recipe],
) -> dict[str, int]:
    """How a stage is run, in numbers: what does not change its result."""
    settings = _settings(study, position, members, narrower)
    return {key: int(settings[key]) for key in RUNTIME_KEYS}


def _lora(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The adapters of a stage with all their settings; None where all weights are trained."""
    lora = None if given is None else Lora(**given)
    if lora is None or not lora.enabled:
        return None
    if lora.quantise and lora.merge:
        raise UserError(
            f"lora: weights in {lora.quantise} cannot take adapters in without being rounded "
            "anew, and the model would be another than the trained one. Set `merge: false`, "
            "which keeps the adapters apart."
        )
    # not quantised is not said, so that it is no part of what such a stage is
    return lora.model_dump(exclude={"enabled"} | (set() if lora.quantise else {"quantise"}))


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
    study: Study,
    position: Position,
    members: Sequence[Member],
    narrower: Sequence[Recipe],
) -> dict[str, Any]:
    """Every key for a stage, from all levels.

    The field's and the study's recipe of a task apply to a stage that trains on that task alone;
    a mixture takes the recipe of its position.
    """
    settings = Recipe().model_dump()
    tasks = {member.task for member in members}
    only = next(iter(tasks)) if len(tasks) == 1 else None
    if only:
        settings |= dict(TASKS[only].recipe)
    levels = [study.recipes.all, getattr(study.recipes, position)]
    if only and only in study.recipes.tasks:
        levels.append(study.recipes.tasks[only])
    for level in (*levels, *narrower):
        given = level.given()
        if settings["lora"] and "lora" in given:
            given["lora"] = {**settings["lora"], **given["lora"]}
        settings |= given
    return settings


def token_options(study: Study, task: str) -> dict[str, int]:
    """Sequence length and window stride of a task, the same in all stages: tokens are shared."""
    options = _task_recipe(study, task)
    return {key: int(options[key]) for key in TOKEN_KEYS}


def null_threshold(study: Study, task: str) -> float:
    """By how much no answer must outscore the best span of a question of this task."""
    return float(_task_recipe(study, task)["null_threshold"])


def _task_recipe(study: Study, task: str) -> dict[str, Any]:
    """The recipe of a task apart from any stage."""
    options = Recipe().model_dump() | dict(TASKS[task].recipe) | study.recipes.all.given()
    if task in study.recipes.tasks:
        options |= study.recipes.tasks[task].given()
    return options
