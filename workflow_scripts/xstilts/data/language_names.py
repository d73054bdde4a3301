"""Errors for languages that a task does not have, under the name that was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown
from xstilts.iso639 import study_code, varieties_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from xstilts.tasks.base import Task


def unknown_language(
    task: Task, language: str, known: Collection[str], where: str, what: str = ""
) -> UserError:
    """The error for a language that a task does not list; suggests the code that studies use.

    Args:
        task: the task.
        language: the language.
        known: the languages that exist.
        where: configuration key, or file and line.
        what: the split or repository that is meant, if not the whole task.
    """
    names = [code for code in varieties_of(language) if code in known]
    code = {code: name for name, code in task.codes.items()}.get(language, study_code(language))
    reason = f"its code{'s' * (len(names) > 1)} with a script"
    if not names and (short := study_code(language.partition("_")[0])) in known:
        names, reason = [short], "its code in this task"
    if code != language and code in known:
        names, reason = [code], "its code in studies"
    if not names:
        return unknown(f"language of {task.name}{what}", language, known, where)
    return UserError(
        f"{where}: {language!r} is not a known language of {task.name}. Did you mean "
        f"{' or '.join(map(repr, names))}, {reason}?"
    )
