"""What a study measures: its targets, and those of the suites that it names."""

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
    """Every target by name, suites first, with the key of the study that asks for it.

    A target with the name of a suite's task is the suite's, with the keys that it sets changed. A
    task of two suites is evaluated in the languages of both.

    Raises:
        UserError: the study measures nothing, or a suite has a task that is not there.
    """
    found: dict[str, tuple[Target, KeyPath]] = {}
    for index, name in enumerate(study.suites):
        key: KeyPath = ("suites", index)
        suite = SUITES[name]
        if absent := [task for task in suite if task not in TASKS]:
            raise UserError(
                f"{lines.where(key)}: suite {name!r} needs the tasks {', '.join(absent)}, which "
                f"are not there.{suggestion(absent[0], TASKS)} Name the suite's other tasks under "
                "targets, or add a task (docs/adding_a_task.md)."
            )
        for task, languages in suite.items():
            before = found[task][0].languages if task in found else []
            joined = list(dict.fromkeys([*before, *languages]))
            found[task] = (Target(languages=joined, train=TRAINED_ON.get(task)), key)
    if study.source == "microworld":
        # its languages are invented: each task is tried in all of them
        for task, (target, key) in found.items():
            found[task] = (target.model_copy(update={"languages": "all"}), key)
    for target_name, target in study.targets.items():
        own = {name: getattr(target, name) for name in target.model_fields_set}
        base = found[target_name][0] if target_name in found else Target()
        found[target_name] = (base.model_copy(update=own), ("targets", target_name))
    if not found:
        raise UserError(
            f"{lines.where(('targets',))}: the study measures nothing. Name targets or suites."
        )
    return found
