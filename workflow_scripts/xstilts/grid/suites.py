"""Targets of a study: its own, and those of its suites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.config.study import Target
from xstilts.errors import UserError, suggestion
from xstilts.suites import SUITES, TRAINED_ON
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from xstilts.config.load import KeyPath, Lines
    from xstilts.config.study import Study


def wanted_targets(study: Study, lines: Lines) -> dict[str, tuple[Target, KeyPath]]:
    """Return all targets by name, suites first, with their key paths in the study file.

    A target named after a suite's task overrides single keys of the suite's target. A task of two
    suites is evaluated in the languages of both.

    Raises:
        UserError: the study has no targets, or a suite has a task that does not exist.
    """
    found: dict[str, tuple[Target, KeyPath]] = {}
    for index, name in enumerate(study.suites):
        key_path: KeyPath = ("suites", index)
        suite = SUITES[name]
        if absent := [task for task in suite if task not in TASKS]:
            raise UserError(
                f"{lines.where(key_path)}: suite {name!r} needs the tasks {', '.join(absent)}, "
                f"which do not exist.{suggestion(absent[0], TASKS)} List the other tasks "
                "under targets, or add the missing ones (docs/adding_a_task.md)."
            )
        for task, languages in suite.items():
            before = found[task][0].languages if task in found else []
            joined = list(dict.fromkeys([*before, *languages]))
            found[task] = (Target(languages=joined, train=TRAINED_ON.get(task)), key_path)
    if study.source == "microworld":
        # its languages are invented: each task that it generates is evaluated in all of them
        found = {
            task: (target.model_copy(update={"languages": "all"}), key_path)
            for task, (target, key_path) in found.items()
            if TASKS[task].microworld
        }
    for target_name, target in study.targets.items():
        own = {name: getattr(target, name) for name in target.model_fields_set}
        base = found[target_name][0] if target_name in found else Target()
        found[target_name] = (base.model_copy(update=own), ("targets", target_name))
    if not found:
        raise UserError(
            f"{lines.where(('targets',))}: the study has no targets. Set targets or suites."
        )
    return found
