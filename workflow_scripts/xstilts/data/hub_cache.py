"""Files of hub repositories on this machine: downloaded once, whole, and known by checksum."""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import (  # type: ignore[attr-defined]
    WeakFileLock,
    build_hf_headers,
    disable_progress_bars,
)

from xstilts.data.hub_errors import TryAgain, disk_full, explained, unreachable
from xstilts.data.sources import matching_paths, nearest
from xstilts.errors import UserError
from xstilts.files import read_json, sha256_of, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

WAITS = (1.0, 3.0, 9.0, 27.0)
"""Seconds before each further try."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TIMEOUT = 30.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as the hub describes it."""

    path: str
    bytes: int
    sha256: str | None
    """Of files in large file storage, as data files are; None for others."""
    git: str
    """Git's id of the content, a SHA-1."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Files of one repository at one commit."""

    commit: str
    files: dict[str, str]
    """Path in the repository to SHA-256."""


class HubCache:
    """A folder of ``OWNER/REPO/COMMIT/PATH``, safe for many jobs and studies at a time.

    Beside each file lies ``PATH.json`` with its size and checksum; ``PATH.part`` is what came so
    far. ``OWNER/REPO/revisions.json`` has the commit that a branch pointed to when it was first
    asked for: all languages of a task must come from one commit. ``COMMIT.json`` lists its files.
    """

    def __init__(self, folder: Path, waits: Sequence[float] = WAITS) -> None:
        """A cache in a folder, which need not exist."""
        self.folder = folder
        self.waits = waits
        self.log = logging.getLogger("xstilts")
        disable_progress_bars()

    def fetch(self, repo: str, revision: str, patterns: Sequence[str]) -> Fetched:
        """The files that match the first pattern that matches any, downloaded if need be.

        Raises:
            UserError: offline, no such repository, revision or file, no access, disk full, or a
                transfer that fails again and again; says what to do.
        """
        commit, entries = self._listing(repo, revision)
        paths = matching_paths(list(entries), patterns)
        if not paths:
            raise UserError(
                f"{repo}, revision {revision} (commit {commit}): no file matches. Tried, in this "
                f"order: {', '.join(patterns)}.{nearest(list(entries), patterns)} Pin a revision "
                f"that has it: `revisions: {{{repo}: COMMIT}}`; refs/convert/parquet is the "
                "branch of the hub's own conversion to Parquet, if there is one."
            )
        return Fetched(commit, {path: self._file(repo, commit, entries[path]) for path in paths})

    def file(self, repo: str, commit: str, path: str) -> Path:
        """Where a file of a repository lies."""
        return self.folder / repo / commit / path

    def _listing(self, repo: str, revision: str) -> tuple[str, dict[str, Entry]]:
        """The commit of a revision, and its files by path."""
        folder = self.folder / repo
        known = folder / "revisions.json"
        folder.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(folder / ".lock"):
            commits: dict[str, str] = read_json(known) if known.is_file() else {}
            commit = revision if _COMMIT.fullmatch(revision) else commits.get(revision)
            if commit is None or not (folder / f"{commit}.json").is_file():
                commit, listed = self._tried(
                    lambda: _list_files(repo, commit or revision),
                    (repo, revision, "(list of files)"),
                )
                write_json(folder / f"{commit}.json", [asdict(entry) for entry in listed])
                if commit != revision:
                    write_json(known, commits | {revision: commit})
                    self.log.info("%s: revision %s is commit %s", repo, revision, commit)
        entries = [Entry(**item) for item in read_json(folder / f"{commit}.json")]
        return commit, {entry.path: entry for entry in entries}

    def _file(self, repo: str, commit: str, entry: Entry) -> str:
        """Download a file unless it is here, whole; returns its SHA-256."""
        file = self.file(repo, commit, entry.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(file.with_name(f".{file.name}.lock")):
            if found := self._kept(file, entry):
                return found
            return self._tried(
                lambda: self._download(repo, commit, entry, file), (repo, commit, entry.path)
            )

    def _kept(self, file: Path, entry: Entry) -> str | None:
        """The SHA-256 of a file that is here and as it was when it came."""
        record = file.with_name(f"{file.name}.json")
        if not file.is_file():
            return None
        found = sha256_of(file)
        recorded = read_json(record).get("sha256") if record.is_file() else None
        if found == (entry.sha256 or recorded):
            if recorded != found:
                write_json(record, _record(entry, found))
            return found
        self.log.warning("%s: differs from its checksum; it is downloaded again", file)
        return None

    def _download(self, repo: str, commit: str, entry: Entry, file: Path) -> str:
        """One try to download the rest of a file and to check the whole."""
        where = f"{repo}, revision {commit}, {entry.path}"
        part = file.with_name(f"{file.name}.part")
        have = part.stat().st_size if part.is_file() else 0
        if have > entry.bytes:
            part.unlink()
            have = 0
        if shutil.disk_usage(file.parent).free < entry.bytes - have:
            raise disk_full(where, self.folder, entry.bytes - have)
        self.log.info("%s: %d of %d bytes are here", where, have, entry.bytes)
        url = hf_hub_url(repo, entry.path, repo_type="dataset", revision=commit)
        part.touch()
        with part.open("r+b") as stream:
            stream.seek(have)
            http_get(
                url,
                stream,
                resume_size=have,
                headers=build_hf_headers(),
                expected_size=entry.bytes,
            )
        found = _checked(part, entry)
        part.replace(file)
        write_json(file.with_name(f"{file.name}.json"), _record(entry, found))
        return found

    def _tried(self, once: Callable[[], _T], place: tuple[str, str, str]) -> _T:
        """The result of a call, tried again after failures that may pass."""
        reason = ""
        for number, wait in enumerate((*self.waits, None), start=1):
            try:
                return once()
            except UserError:
                raise
            except TryAgain as error:
                reason = str(error)
            except Exception as error:
                found = explained(error, *place, self.folder)
                if found is error:
                    raise
                if not isinstance(found, TryAgain):
                    raise found from error
                reason = str(found)
            if wait is not None:
                self.log.warning("%s: try %d: %s; again in %g s", place, number, reason, wait)
                time.sleep(wait)
        raise unreachable(f"{place[0]}, revision {place[1]}, {place[2]}", number, reason)


def _list_files(repo: str, revision: str) -> tuple[str, list[Entry]]:
    info = HfApi().dataset_info(repo, revision=revision, files_metadata=True, timeout=_TIMEOUT)
    if not info.sha or info.siblings is None:
        raise UserError(f"{repo}, revision {revision}: the hub's answer has no commit or no files.")
    entries = [
        Entry(
            item.rfilename,
            item.size or 0,
            item.lfs.sha256 if item.lfs else None,
            item.blob_id or "",
        )
        for item in info.siblings
        # a path that leaves the folder is no file of a repository
        if ".." not in PurePosixPath(item.rfilename).parts and not item.rfilename.startswith("/")
    ]
    return info.sha, entries


def _record(entry: Entry, sha256: str) -> dict[str, Any]:
    return {"path": entry.path, "bytes": entry.bytes, "sha256": sha256}


def _checked(part: Path, entry: Entry) -> str:
    """The SHA-256 of a whole file; a damaged one is removed.

    Raises:
        TryAgain: it is not what the hub listed.
    """
    found = sha256_of(part)
    if entry.sha256:
        expected, actual = entry.sha256, found
    else:
        content = part.read_bytes()
        expected = entry.git
        actual = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    if expected and expected != actual:
        part.unlink()
        raise TryAgain(f"checksum mismatch: the hub lists {expected}, what came has {actual}")
    return found
