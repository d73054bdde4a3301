"""Downloads the files of a dataset repository that a data set needs, and verifies them."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from huggingface_hub import try_to_load_from_cache

from xstilts.data.file_patterns import matching_paths, nearest
from xstilts.errors import UserError
from xstilts.files import leads_outside, sha256_of
from xstilts.hub import (
    Repository,
    disk_full,
    list_files,
    resolved,
    snapshot,
    with_retries,
)
from xstilts.retries import TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHA256_DIGITS = 64
_SPECIAL = re.compile(r"([*?\[])")


@dataclass(frozen=True, slots=True)
class Fetched:
    """Files of one repository at one commit."""

    commit: str
    folder: Path
    """Folder of the snapshot, below the cache."""
    files: dict[str, str]
    """SHA-256 of each file, by its path in the repository."""


def fetch(repo: str, revision: str, patterns: Sequence[str], cache: Path) -> Fetched:
    """Download the files that match the first pattern with any match, unless they are cached.

    Args:
        repo: name of the repository, ``OWNER/NAME``.
        revision: branch, tag or commit; pinned to the commit that it resolved to first.
        patterns: as in :func:`xstilts.data.file_patterns.matching_paths`, the preferred one first.
        cache: folder in the layout of the hub's library, safe for many jobs at a time.

    Raises:
        UserError: no file matches, or the download fails (:mod:`xstilts.hub`).
    """
    wanted = Repository(name=repo, revision=revision, kind="dataset", cache=cache)
    commit = resolved(wanted)
    pinned = replace(wanted, revision=commit)
    listed = list_files(pinned)
    paths = matching_paths(list(listed), patterns)
    if not paths:
        raise UserError(
            f"{wanted} (commit {commit}): no file matches. Tried, in this order: "
            f"{', '.join(patterns)}.{nearest(list(listed), patterns)} Pin a revision that has it: "
            f"`revisions: {{{repo}: COMMIT}}`; refs/convert/parquet is the branch of the hub's own "
            "conversion to Parquet, if it exists."
        )
    needed = sum(listed[path].size for path in paths if not _is_cached(pinned, path))
    if shutil.disk_usage(cache).free < needed:
        raise disk_full(pinned, needed)
    folder = snapshot(pinned, allow=list(map(_escaped, paths)))
    return Fetched(
        commit,
        folder,
        {path: _verified(pinned, folder, path, listed[path].checksum) for path in paths},
    )


def _is_cached(repository: Repository, path: str) -> bool:
    found = try_to_load_from_cache(filename=path, **repository.arguments)
    return isinstance(found, str)


def _escaped(path: str) -> str:
    """A pattern that matches only this path."""
    return _SPECIAL.sub(r"[\1]", path)


def _verified(repository: Repository, folder: Path, path: str, expected: str) -> str:
    """Return a file's SHA-256; download it again if it differs from the hub's checksum."""
    file = folder / path

    def checked() -> str:
        # of a cache from elsewhere: the file behind such a link is not to be read, nor deleted
        if leads_outside(file, folder):
            if leads_outside(file.parent, folder):
                raise UserError(f"{file.parent}: a link out of the download cache. Delete it.")
            file.unlink()
        if not file.is_file():
            snapshot(repository, allow=[_escaped(path)])
        found = sha256_of(file)
        actual = found if len(expected) == SHA256_DIGITS else _git_sha1(file)
        if expected != actual:
            file.resolve().unlink()
            raise TransientError(
                f"{path}: checksum mismatch: the hub lists {expected}, the download has {actual}"
            )
        return found

    return with_retries(checked, repository)


def _git_sha1(file: Path) -> str:
    """Return the name that git gives a file's content."""
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
