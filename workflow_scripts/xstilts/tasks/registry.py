"""The registry of tasks: finds every module of this package that defines ``TASK``."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xstilts.tasks.base import Task


def discover() -> dict[str, Task]:
    """All tasks by name, in alphabetical order."""
    folder = str(Path(__file__).parent)
    tasks: dict[str, Task] = {}
    for module_info in sorted(pkgutil.iter_modules([folder]), key=lambda info: info.name):
        if module_info.name in {"base", "registry"}:
            continue
        task = importlib.import_module(f"xstilts.tasks.{module_info.name}").TASK
        assert task.name == module_info.name, f"{module_info.name}.py defines task {task.name}"
        tasks[task.name] = task
    return tasks


TASKS: dict[str, Task] = discover()


def get_task(name: str, where: str, known: Mapping[str, Task] = TASKS) -> Task:
    """The task called ``name``; ``where`` is the configuration key for the error message.

    Args:
        name: of the task.
        where: configuration key, or file and line.
        known: the tasks of a study (``Study.known_tasks``); by default, the shipped ones.

    Raises:
        UserError: no such task; names the nearest one.
    """
    if name not in known:
        raise unknown("task", name, known, where)
    return known[name]
