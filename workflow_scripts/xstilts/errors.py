"""The error type for users: what is wrong, where, and what to do next."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class UserError(ValueError):
    """An error that users can fix: in configuration, data files or paths.

    The message names the location (file and line, or configuration key), the value found, and the
    next step. Scripts print it without a traceback.
    """


class MissingData(UserError):
    """Data that a study names correctly, and that its source does not have."""


class Interrupted(RuntimeError):
    """The job was asked to stop (SIGTERM, SIGUSR1); its state is saved, and it can be resumed."""


def suggestion(value: object, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'xnli'? Known: ..."`` for a value that is not a known name."""
    names = sorted(set(known))
    close = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} Known: {', '.join(names) or '(none)'}."


def unknown(what: str, value: object, known: Iterable[str], where: str) -> UserError:
    """Return the error for a name that is not in a closed list.

    Args:
        what: the noun, as in "task" or "language of udpos".
        value: what the user wrote.
        known: the accepted names.
        where: configuration key, or file and line.
    """
    return UserError(f"{where}: {value!r} is not a known {what}.{suggestion(value, known)}")
