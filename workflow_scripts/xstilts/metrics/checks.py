"""Checks of the predictions of every kind before they are scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

_REDO = "Delete the prediction file so that it is made again."


def require_rows(count: int) -> None:
    """Check that the table has rows to score.

    Raises:
        UserError: no rows.
    """
    if count == 0:
        raise UserError(f"no predictions. {_REDO}")


def require_unique(ids: Iterable[str]) -> None:
    """Check that no example is counted twice.

    Raises:
        UserError: an id occurs twice; names the first one.
    """
    seen: set[str] = set()
    for example in ids:
        if example in seen:
            raise UserError(
                f"id {example!r} occurs twice; every example must have its own. Check the data of "
                f"the task, then: {_REDO}"
            )
        seen.add(example)


def invalid(example: str, what: str) -> UserError:
    """The error for one example that cannot be scored."""
    return UserError(f"id {example!r}: {what}. {_REDO}")
