"""The recipe of each stage, merged from defaults, task, study, base model and stage."""

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
from xstilts.config.recipe_presets import PRESETS
from xstilts.errors import UserError, unknown
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xstilts.chains import Member
    from xstilts.config.study import Study

Position = Literal["pretrain", "intermediate", "target"]


def head_name(task: str) -> str:
    """Return the name of a task's head: the task, or ``mlm`` for all masked language modelling."""
    return "mlm" if task in TASKS and TASKS[task].kind == "mlm" else task


def stage_recipe(
    study: Study,
    position: Position,
    members: Sequence[Member],
    narrower: Sequence[Recipe],
) -> dict[str, Any]:
    """Return the part of a stage's recipe that changes its result.

    Args:
        study: the study.
        position: position of the stage in its chain.
        members: its training sets.
        narrower: overrides of levels that are narrower than the study's, the narrowest last.

    Raises:
        UserError: a loss weight for an unknown task, or for a task that the stage lacks; or
            adapters that cannot be merged into quantised weights.
    """
    recipe = _settings(study, position, members, narrower)
    heads = {head_name(member.task): None for member in members}
    if recipe["selection"] == "last" or set(heads) == {"mlm"}:
        recipe |= {"selection": "last"} | dict.fromkeys(SELECTION_KEYS, 0)
    if set(heads) == {"mlm"}:
        recipe["label_smoothing"] = 0.0
    lora = None if position == "pretrain" else _lora(recipe["lora"])
    # without adapters the key is left out, so that it is not part of the identity
    recipe = {key: value for key, value in recipe.items() if key != "lora"}
    recipe |= {"lora": lora} if lora else {}
    own = bool(narrower) and "loss_weights" in narrower[-1].model_fields_set
    known = heads if own else dict.fromkeys(map(head_name, study.known_tasks))
    recipe["loss_weights"] = _loss_weights(recipe["loss_weights"], known, heads)
    return {key: value for key, value in recipe.items() if key not in (*TASK_KEYS, *RUNTIME_KEYS)}


def stage_runtime(
    study: Study,
    position: Position,
    members: Sequence[Member],
    narrower: Sequence[Recipe],
) -> dict[str, int]:
    """Return a stage's runtime settings as integers; they do not change its result."""
    settings = _settings(study, position, members, narrower)
    return {key: int(settings[key]) for key in RUNTIME_KEYS}


def _lora(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a stage's adapters with all settings; None if all weights are trained."""
    lora = None if given is None else Lora(**given)
    if lora is None or not lora.enabled:
        return None
    if lora.quantise and lora.merge:
        raise UserError(
            f"lora: merging adapters into {lora.quantise} weights would round them again and "
            "change the trained model. Set `merge: false`, which saves the adapters separately."
        )
    # left out if not quantised, so that it is not part of the identity
    return lora.model_dump(exclude={"enabled"} | (set() if lora.quantise else {"quantise"}))


def _loss_weights(
    weights: Mapping[str, float], known: Mapping[str, None], heads: Mapping[str, None]
) -> dict[str, float]:
    """Return the loss weights of a mixture other than 1; none for a single task."""
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
    """Merge all levels of a stage's recipe.

    The recipe of a task, published or from the study, applies to stages that train on that task
    only; mixtures use the recipe of their position.
    """
    tasks = {member.task for member in members}
    only = next(iter(tasks)) if len(tasks) == 1 else None
    settings = _published(study, only)
    levels = [study.recipes.all, getattr(study.recipes, position)]
    if only and only in study.recipes.tasks:
        levels.append(study.recipes.tasks[only])
    for level in (*levels, *narrower):
        given = level.given()
        if settings["lora"] and "lora" in given:
            given["lora"] = {**settings["lora"], **given["lora"]}
        settings |= given
    return settings


def _published(study: Study, task: str | None) -> dict[str, Any]:
    """Return the recipe of a task, or of a mixture (None), before the study's own levels."""
    settings = Recipe().model_dump()
    if task:
        settings |= dict(study.known_tasks[task].recipe)
    if study.recipes.preset:
        trained_on = study.known_tasks[task].train if task else None
        settings |= PRESETS[study.recipes.preset].recipe(task, trained_on)
    return settings


def token_options(study: Study, task: str) -> dict[str, Any]:
    """Return the settings of a task's tokens; all stages share them, as they share tokens."""
    options = _task_recipe(study, task)
    found = {key: options[key] for key in TOKEN_KEYS}
    if study.known_tasks[task].kind != "multiple_choice" or found["truncation"] == "context":
        # the default is left out, so that it is not part of the identity of tokens
        del found["truncation"]
    return found


def null_threshold(study: Study, task: str) -> float:
    """Return the task's threshold for predicting "no answer"."""
    return float(_task_recipe(study, task)["null_threshold"])


def _task_recipe(study: Study, task: str) -> dict[str, Any]:
    """Return the recipe of a task, independent of any stage."""
    options = _published(study, task) | study.recipes.all.given()
    if task in study.recipes.tasks:
        options |= study.recipes.tasks[task].given()
    return options
