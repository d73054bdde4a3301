"""Downloads snapshots of hub repositories; failures become errors that say what to do."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from filelock import FileLock
from huggingface_hub import HfApi, constants, get_cached_repo_tree, snapshot_download
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    RevisionResolutionError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

from xstilts import retries
from xstilts.errors import UserError
from xstilts.retries import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

LOGGER = logging.getLogger(__name__)

OTHER_FORMATS = (
    "*.h5", "*.msgpack", "rust_model*", "*.onnx", "onnx/*", "*.tflite", "openvino/*", "coreml/*",
)  # fmt: skip
"""Files of model repositories that hold the same weights for other libraries."""

# raised for any failure of a connection, whichever HTTP library the hub's client uses
_TransportError: type[Exception] = next(
    base for base in HfHubHTTPError.__mro__ if base.__name__ == "HTTPError"
)
_KEPT = "Files that are in the cache already are kept."

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository of the hub at a revision."""

    name: str
    """``OWNER/NAME``."""
    revision: str | None = None
    """Branch, tag or commit; None for the newest."""
    kind: Literal["dataset", "model"] = "model"
    cache: Path | None = None
    """Folder in the layout of the hub's library; None for the library's own."""

    def __str__(self) -> str:
        """The name that messages use."""
        return f"{self.name}, revision {self.revision or constants.DEFAULT_REVISION}"

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments that the functions of the hub's library share."""
        return {
            "repo_id": self.name,
            "repo_type": self.kind,
            "revision": self.revision,
            "cache_dir": self.cache,
        }

    @property
    def folder(self) -> Path:
        """Folder of the download cache."""
        return self.cache or Path(constants.HF_HUB_CACHE)

    @property
    def page(self) -> str:
        """URL of its web page."""
        return f"{constants.ENDPOINT}/{'datasets/' * (self.kind == 'dataset')}{self.name}"

    @property
    def pin(self) -> str:
        """Configuration key of its revision."""
        return "revisions" if self.kind == "dataset" else "revision"

    @property
    def without_download(self) -> str:
        """Advice on how to avoid the download."""
        if self.kind == "dataset":
            return "use `source: mirror`"
        return "name the folder of a copy with the key `path`"

    @property
    def other_disk(self) -> str:
        """Advice on how to keep downloads on another disk."""
        return f"set {'hub_cache' if self.kind == 'dataset' else 'HF_HOME'} to a folder there"


def resolved(repository: Repository) -> str:
    """Return the commit of a revision, from the cache or else from the hub.

    The first answer is cached, under a lock because jobs may resolve it at the same time: all
    languages of a task must come from one commit.

    Raises:
        UserError: it cannot be resolved; says why and what to do.
    """

    def resolve() -> str:
        try:
            return HfApi().resolve_revision(**repository.arguments, local_files_only=True).resolved
        except RevisionResolutionError:
            commit = HfApi().resolve_revision(**repository.arguments).resolved
        LOGGER.info("%s is commit %s", repository, commit)
        return commit

    repository.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(repository.folder / f".{repository.name.replace('/', '--')}.lock"):
        return with_retries(resolve, repository)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as the hub lists it."""

    size: int
    """Bytes."""
    checksum: str
    """SHA-256 (64 digits) of files in large file storage, else git's SHA-1 (40 digits)."""


def list_files(repository: Repository) -> dict[str, ListedFile]:
    """Return size and checksum of every file of a repository at a commit, by path.

    Raises:
        UserError: as :func:`resolved`.
    """

    def listed() -> dict[str, ListedFile]:
        try:
            entries: Iterable[object] = get_cached_repo_tree(**repository.arguments)
        except CachedRepoTreeNotFoundError:
            entries = HfApi().list_repo_tree(
                repository.name,
                recursive=True,
                revision=repository.revision,
                repo_type=repository.kind,
            )
        return {
            entry.path: ListedFile(entry.size, entry.lfs.sha256 if entry.lfs else entry.blob_id)
            for entry in entries
            if isinstance(entry, RepoFile)
        }

    return with_retries(listed, repository)


def snapshot(
    repository: Repository,
    *,
    allow: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
) -> Path:
    """Return the folder of a repository's files at one commit, downloaded unless cached.

    Args:
        repository: what to get.
        allow: patterns of the files to download; None for all.
        ignore: patterns of files that are not needed.

    Raises:
        UserError: offline, no such repository, revision or file, no access, disk full, or a
            transfer that fails on every retry; says what to do.
    """
    disable_progress_bars()

    def download() -> Path:
        return Path(
            snapshot_download(
                **repository.arguments,
                allow_patterns=None if allow is None else list(allow),
                ignore_patterns=list(ignore),
            )
        )

    return with_retries(download, repository)


def with_retries(call: Callable[[], T], repository: Repository) -> T:
    """Return the result of a call of the hub's library, retried after transient failures.

    Raises:
        UserError: for every failure of the hub, the connection or the disk.
    """

    def gave_up(attempts: int, reason: str) -> UserError:
        return UserError(
            f"{repository}: {attempts} attempts at {constants.ENDPOINT} failed; the last one: "
            f"{reason}. Check the connection (and proxy) and run again, or download on another "
            f"machine and {repository.without_download}. {_KEPT}"
        )

    return retries.with_retries(
        call, str(repository), lambda error: explained(error, repository), gave_up
    )


def explained(error: Exception, repository: Repository) -> Exception:
    """Convert an error to a UserError that says what to do, or to a TransientError.

    Args:
        error: raised by the hub's library or the file system. The library wraps many failures
            in one that says "not in the cache": then the cause counts.
        repository: the repository of the call.

    Returns:
        The new error, or ``error`` itself if it is neither of the two.
    """
    for cause in _causes(error):
        if isinstance(cause, TransientError):
            return cause
        if isinstance(cause, OfflineModeIsEnabled):
            return UserError(
                f"{repository}: not in {repository.folder}, and HF_HUB_OFFLINE forbids the "
                "network. Unset it for this run, copy the folder from a machine that has "
                f"downloaded the files, or {repository.without_download}."
            )
        if isinstance(cause, HfHubHTTPError):
            return _from_status(cause, repository)
        if isinstance(cause, OSError) and cause.errno in retries.FULL:
            return disk_full(repository)
        if isinstance(cause, HFValidationError):
            return UserError(f"{repository}: not a valid repository name. {cause}")
        # a cache miss is not a failure of its own
        if isinstance(cause, _TransportError) or (
            isinstance(cause, OSError) and not isinstance(cause, LocalEntryNotFoundError)
        ):
            return TransientError(f"{type(cause).__name__}: {cause}".splitlines()[0])
    return error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def disk_full(repository: Repository, needed: int | None = None) -> UserError:
    """The error for a full disk.

    Args:
        repository: the repository to download.
        needed: bytes still to download, if known.
    """
    size = f" {needed / 1e6:.1f} MB are still to be downloaded." if needed else ""
    return UserError(
        f"{repository}: no space left in {repository.folder}.{size} Free some space, or "
        f"{repository.other_disk}, and run again. {_KEPT}"
    )


def _from_status(error: HfHubHTTPError, repository: Repository) -> Exception:
    status, page = error.response.status_code, repository.page
    where = f"{repository} ({error.response.url.path})"
    if status in retries.TRANSIENT:
        return TransientError(f"HTTP status {status} for {error.response.url.path}")
    if isinstance(error, GatedRepoError) or status == 403:
        return UserError(
            f"{where}: access is refused (HTTP status {status}). Open {page}, accept the terms of "
            "its licence there, and set HF_TOKEN to a token of that account (or run "
            "`hf auth login`)."
        )
    if isinstance(error, RevisionNotFoundError):
        return UserError(
            f"{where}: no such revision (HTTP status {status}). {page}/commits/main lists the "
            f"commits; pin one with the key `{repository.pin}`, or remove the pin."
        )
    if isinstance(error, EntryNotFoundError):
        return UserError(
            f"{where}: no such file (HTTP status {status}). See {page}/tree/main; pin another "
            f"revision with the key `{repository.pin}`."
        )
    if isinstance(error, RepositoryNotFoundError) or status in (401, 404):
        return UserError(
            f"{where}: no such repository, or a private or gated one (HTTP status {status}). Look "
            f"at {page}; if it asks you to accept a licence, do so and set HF_TOKEN to a token of "
            "that account. Check HF_ENDPOINT, too, if it is set."
        )
    return UserError(f"{where}: the hub answers with HTTP status {status}: {error}")
