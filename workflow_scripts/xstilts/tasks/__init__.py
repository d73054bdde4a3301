"""The tasks: every module of this package that defines ``TASK``."""

from xstilts.tasks.registry import TASKS, get_task

__all__ = ["TASKS", "get_task"]
