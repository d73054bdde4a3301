"""Causes of a job's failure that lie in its files, for errors of libraries that do not name them.

Jobs check the checksums of their inputs before they read them, but not each file at each of the
dozens of places where a library opens one. If a job ends in an error of a library, all products
that it reads are checked: a damaged one is the cause, and its name and what to do are the message.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import Interrupted, UserError, unreadable
from xstilts.paths import outside_results
from xstilts.storage import storage_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGGER = logging.getLogger(__name__)

_REASONS = {errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ELOOP}
"""Failures of the file system that say enough with the name of the file."""


@contextlib.contextmanager
def explained(job: object, name: str, root: Path) -> Iterator[None]:
    """Raise a UserError for an error of a block if its cause is in the files of the job.

    Args:
        job: names the files that the block reads (:func:`damage_in`).
        name: name of the job.
        root: ``results/STUDY``; what prevents writing there passes.

    Raises:
        UserError: a product that the job reads is damaged, a file may not be read or written, or
            the memory does not suffice. Other errors pass.
    """
    try:
        yield
    except (UserError, Interrupted):
        raise
    except MemoryError as error:
        raise UserError(
            f"{name}: the memory of this machine does not suffice ({error!s:.200}). Run fewer jobs "
            "at a time, or set a smaller max_tokens (docs/planning.md)."
        ) from error
    except Exception as error:
        if storage_problem(error, root):
            raise
        if message := damage_in(job):
            LOGGER.exception("the cause is a damaged file")
            raise UserError(message) from error
        if isinstance(error, OSError) and error.filename and error.errno in _REASONS:
            raise unreadable(error) from error
        raise


def damage_in(job: object) -> str:
    """Return the message for the first damaged product that a job reads.

    Args:
        job: files, or a ``functools.partial`` with files among its arguments: all of type ``Path``,
            also in lists, tuples and mappings.

    Returns:
        The message; empty if all products are whole, or have no checksums.
    """
    for path in dict.fromkeys(_paths(job)):
        try:
            _check(path)
        except UserError as error:
            return str(error)
        except OSError as error:
            return str(unreadable(error))
    return ""


def _paths(value: Any) -> Iterator[Path]:
    """Yield the files in a value, in their order."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, functools.partial):
        yield from _paths([*value.args, *value.keywords.values()])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, dict):
        yield from _paths(list(value.values()))


def _check(path: Path) -> None:
    """Raise a UserError if a product is damaged; files of other kinds are not opened."""
    # imported only after a failure
    from xstilts.manifest import require_whole
    from xstilts.schema_metadata import WITH_CHECKSUM, require_undamaged

    if not path.exists() or outside_results([path.as_posix()]):
        return
    manifest = path.with_suffix(".json")
    if path.suffix == ".json" and "predictions" in path.parts:
        # it lists languages, each with its checksum in its own file
        for language in sorted(path.parent.glob("*.parquet")):
            require_undamaged(language)
    elif path.suffix == ".json" or (path.suffix in {".parquet", ".arrow"} and manifest.is_file()):
        require_whole(manifest)
    elif path.suffix == ".parquet" and set(path.parts) & set(WITH_CHECKSUM):
        require_undamaged(path)
