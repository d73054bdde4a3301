"""Retries of downloads after failures that may pass."""

from __future__ import annotations

import errno
import logging
import time
from typing import TYPE_CHECKING, TypeVar

from xstilts.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER = logging.getLogger(__name__)

WAITS = (1.0, 3.0, 9.0, 27.0)
"""Seconds to wait before each retry."""

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP status codes worth a retry."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors of a file system without space."""

T = TypeVar("T")


class TransientError(Exception):
    """A failure worth a retry: an overloaded server, a lost connection, a damaged transfer."""


def with_retries(
    call: Callable[[], T],
    what: str,
    explained: Callable[[Exception], Exception],
    gave_up: Callable[[int, str], UserError],
) -> T:
    """Return the result of a call, retried after transient failures.

    Args:
        call: what to try.
        what: its name in the log.
        explained: converts an error to a UserError, to a TransientError, or to itself.
        gave_up: makes the error after the last attempt, from their number and the last reason.

    Raises:
        UserError: for every failure that ``explained`` knows.
    """
    reason = ""
    for number, wait in enumerate((*WAITS, None), start=1):
        try:
            return call()
        except UserError:
            raise
        except Exception as error:
            found = explained(error)
            if not isinstance(found, TransientError):
                if found is error:
                    raise
                raise found from error
            reason = str(found)
        if wait is not None:
            LOGGER.warning(
                "%s: attempt %d failed: %s; retrying in %g s", what, number, reason, wait
            )
            time.sleep(wait)
    raise gave_up(number, reason)
