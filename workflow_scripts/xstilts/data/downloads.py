"""Files of dataset repositories: which ones a data set needs, and whether they came undamaged."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from huggingface_hub import try_to_load_from_cache

from xstilts.data.sources import matching_paths, nearest
from xstilts.errors import UserError
from xstilts.files import sha256_of
from xstilts.hub import Repository, TransientError, disk_full, file_sizes, resolved, snapshot, tried

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SPECIAL = re.compile(r"([*?\[])")


@dataclass(frozen=True, slots=True)
class Fetched:
    """Files of one repository at one commit."""

    commit: str
    folder: Path
    """Of the snapshot, below the cache."""
    files: dict[str, str]
    """Path in the repository to SHA-256."""


def fetch(repo: str, revision: str, patterns: Sequence[str], cache: Path) -> Fetched:
    """The files that match the first pattern that matches any, downloaded if need be.

    Args:
        repo: name of the repository, ``OWNER/NAME``.
        revision: branch, tag or commit; stays at the commit that it was when first asked for.
        patterns: as in :func:`xstilts.data.sources.matching_paths`, the preferred one first.
        cache: folder in the layout of the hub's library, safe for many jobs at a time.

    Raises:
        UserError: no file matches, or it cannot be had (:mod:`xstilts.hub`).
    """
    wanted = Repository(name=repo, revision=revision, kind="dataset", cache=cache)
    commit = resolved(wanted)
    pinned = replace(wanted, revision=commit)
    sizes = file_sizes(pinned)
    paths = matching_paths(list(sizes), patterns)
    if not paths:
        raise UserError(
            f"{wanted} (commit {commit}): no file matches. Tried, in this order: "
            f"{', '.join(patterns)}.{nearest(list(sizes), patterns)} Pin a revision that has it: "
            f"`revisions: {{{repo}: COMMIT}}`; refs/convert/parquet is the branch of the hub's own "
            "conversion to Parquet, if there is one."
        )
    needed = sum(sizes[path] for path in paths if not _is_here(pinned, path))
    if shutil.disk_usage(cache).free < needed:
        raise disk_full(pinned, needed)
    folder = snapshot(pinned, allow=list(map(_literally, paths)))
    return Fetched(commit, folder, {path: _whole(pinned, folder, path) for path in paths})


def _is_here(repository: Repository, path: str) -> bool:
    found = try_to_load_from_cache(filename=path, **repository.asked)
    return isinstance(found, str)


def _literally(path: str) -> str:
    """A pattern that matches only this path."""
    return _SPECIAL.sub(r"[\1]", path)


def _whole(repository: Repository, folder: Path, path: str) -> str:
    """The SHA-256 of a file; one that is not what the hub lists goes, and is downloaded again."""
    file = folder / path

    def checked() -> str:
        if not file.is_file():
            snapshot(repository, allow=[_literally(path)])
        found = sha256_of(file)
        expected, actual = _checksums(file, found)
        if expected != actual:
            file.resolve().unlink()
            raise TransientError(
                f"{path}: checksum mismatch: the hub lists {expected}, what came has {actual}"
            )
        return found

    return tried(checked, repository)


def _checksums(file: Path, sha256: str) -> tuple[str, str]:
    """What the hub says of a file's content, and what that is of the file here.

    In the cache a file is a link to one that has the hub's checksum as its name: a SHA-256, or, of
    what is not in large file storage, the SHA-1 that git has for it. (Where the file system has no
    links there is none, and only the library's own check of the size.)
    """
    name = file.resolve().name
    if re.fullmatch(r"[0-9a-f]{64}", name):
        return name, sha256
    if re.fullmatch(r"[0-9a-f]{40}", name):
        content = file.read_bytes()
        return name, hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return sha256, sha256
