"""The error type for users: what is wrong, where, and what to do next."""

from __future__ import annotations

import contextlib
import difflib
import reprlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class UserError(ValueError):
    """An error that users can fix: in configuration, data files or paths.

    The message names the location (file and line, or configuration key), the value found, and the
    next step. Scripts print it without a traceback.
    """


class MissingData(UserError):
    """Data that a study names correctly, and that its source does not have."""


class Interrupted(RuntimeError):
    """The job was asked to stop (SIGTERM, SIGUSR1); its state is saved, and it can be resumed."""


class Stopped(BaseException):
    """The job was asked to stop and has no state to save; not caught as an ``Exception``."""


class Problems:
    """Collects the errors of independent checks, to report all of them at once."""

    shown = 50
    """Number of messages that are printed."""

    def __init__(self) -> None:
        """Begin without any."""
        self._messages: dict[str, str] = {}
        self._classes: set[type[UserError]] = set()

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Note the UserError of a block; what is wrong under several keys is noted once."""
        try:
            yield
        except UserError as error:
            self._classes.add(type(error))
            for message in str(error).split("\n"):
                # "FILE:LINE: KEY: PROBLEM"
                self._messages.setdefault(message.split(": ", 2)[-1], message)
        except Exception:
            # a check that needs what an earlier one found wrong
            self.raise_all()
            raise

    def raise_all(self) -> None:
        """Raise one UserError with all messages, if there are any; of their class, if it is one."""
        if not (messages := list(self._messages.values())):
            return
        more = len(messages) - self.shown
        rest = [f"... and {more} more."] if more > 0 else []
        found = self._classes.pop() if len(self._classes) == 1 else UserError
        raise found("\n".join([*messages[: self.shown], *rest]))


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


def unreadable(error: OSError) -> UserError:
    """Return the error for a file or folder that the system does not let this user read."""
    where = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error)
    return UserError(
        f"{where}{reason}. Check that the path is right and that you may read and write it "
        "(ls -l), and that the disk is not full."
    )


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
