"""The error type for users: what is wrong, where, and what to do next."""

from __future__ import annotations

import difflib
import reprlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class UserError(ValueError):
    """An error that users can fix: in configuration, data files or paths.

    The message names the location (file and line, or configuration key), the value found, and the
    next step. Scripts print it without a traceback.
    """


class Interrupted(RuntimeError):
    """The job was asked to stop (SIGTERM, SIGUSR1); its state is saved, and it can be resumed."""


def shortened(value: object, length: int = 80) -> str:
    """Return the ``repr`` of a value, of limited length; large values are not spelt out."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = length
    try:
        text = short.repr(value)
    # Python refuses to print numbers of more than 4300 digits
    except ValueError:
        text = "(a number of thousands of digits)"
    return text if len(text) <= length + 2 else f"{text[:length]}..."


def suggestion(value: object, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'xnli'? Known: ..."`` for a value that is not a known name."""
    names = sorted(set(known))
    text = value if isinstance(value, str) else shortened(value)
    close = difflib.get_close_matches(text[:100], names, n=1, cutoff=0.5)
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
    return UserError(
        f"{where}: {shortened(value)} is not a known {what}.{suggestion(value, known)}"
    )
