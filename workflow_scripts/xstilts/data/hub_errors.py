"""Which failures of the hub pass when one tries again, and what to do about the others."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from huggingface_hub import constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from xstilts.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

# raised for any failure of a connection, whichever HTTP library the hub's client uses
TransportError: type[Exception] = next(
    base for base in HfHubHTTPError.__mro__ if base.__name__ == "HTTPError"
)

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_FULL = {errno.ENOSPC, errno.EDQUOT}

HERE_ALREADY = "What is in the cache already is kept, and a part of a file is continued."


class TryAgain(Exception):
    """A failure that may pass: an overloaded server, a lost connection, a damaged transfer."""


def page(repo: str) -> str:
    """Where people look at a dataset repository."""
    return f"{constants.ENDPOINT}/datasets/{repo}"


def explained(error: Exception, repo: str, revision: str, file: str, folder: Path) -> Exception:
    """A UserError that says what to do, or :class:`TryAgain`; the error itself if it is neither.

    Args:
        error: what the hub's library or the file system raised.
        repo: the repository.
        revision: branch or commit.
        file: path in the repository, or "(list of files)".
        folder: where downloads are kept.
    """
    where = f"{repo}, revision {revision}, {file}"
    if isinstance(error, OfflineModeIsEnabled):
        return UserError(
            f"{where}: not in {folder}, and HF_HUB_OFFLINE forbids the network. Unset it for this "
            "run, copy the folder from a machine that has downloaded the files, or use "
            "`source: mirror`."
        )
    if isinstance(error, HfHubHTTPError):
        return _of_status(error, repo, where)
    if isinstance(error, OSError) and error.errno in _FULL:
        return disk_full(where, folder)
    if isinstance(error, (TransportError, OSError)):
        return TryAgain(f"{type(error).__name__}: {error}".splitlines()[0])
    return error


def disk_full(where: str, folder: Path, needed: int | None = None) -> UserError:
    """The error for a file that has no room."""
    size = f"it has {needed / 1e6:.1f} MB to come. " if needed else ""
    return UserError(
        f"{where}: no space left in {folder}: {size}Make room, or set hub_cache to a folder on "
        f"another disk, and run again. {HERE_ALREADY}"
    )


def unreachable(where: str, tries: int, reason: str) -> UserError:
    """The error after the last try."""
    return UserError(
        f"{where}: no success in {tries} tries at {constants.ENDPOINT}; the last one: {reason}. "
        "Check the connection (and proxy) and run again, or download on another machine and use "
        f"`source: mirror`. {HERE_ALREADY}"
    )


def _of_status(error: HfHubHTTPError, repo: str, where: str) -> Exception:
    status = error.response.status_code
    if status in _PASSING:
        return TryAgain(f"HTTP status {status}")
    if isinstance(error, GatedRepoError) or status == 403:
        return UserError(
            f"{where}: access is refused (HTTP status {status}). Open {page(repo)}, accept the "
            "terms of its licence there, and set HF_TOKEN to a token of that account "
            "(or run `hf auth login`)."
        )
    if isinstance(error, RevisionNotFoundError):
        return UserError(
            f"{where}: no such revision (HTTP status {status}). {page(repo)}/commits/main lists "
            "the commits; pin one with the key `revisions`, or remove the pin."
        )
    if isinstance(error, EntryNotFoundError):
        return UserError(
            f"{where}: no such file (HTTP status {status}). See {page(repo)}/tree/main; pin "
            "another revision with the key `revisions`."
        )
    if isinstance(error, RepositoryNotFoundError) or status in (401, 404):
        return UserError(
            f"{where}: no such repository, or a private or gated one (HTTP status {status}). Look "
            f"at {page(repo)}; if it asks to accept a licence, do so and set HF_TOKEN to a token "
            "of that account. Check HF_ENDPOINT, too, if it is set."
        )
    return UserError(f"{where}: the hub answers with HTTP status {status}: {error}")
