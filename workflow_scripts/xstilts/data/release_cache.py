"""The cache of official releases: downloads archives once, and keeps the members that tasks read.

Each archive has a folder with its members, in the layout of ``data_root``, and beside it a record,
``FOLDER.json``, with the checksums of archive and members. A folder appears under its name only
when it is complete; the archive itself is deleted then. The record outlives the folder: what is
downloaded again must have the same checksum.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from xstilts.data.file_patterns import matching_paths, nearest
from xstilts.data.unpack import UnpackError, decompress, is_archive, unpack
from xstilts.errors import UserError
from xstilts.files import leads_outside, read_json, sha256_of, write_json
from xstilts.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xstilts.progress import Progress

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReleaseCache:
    """The folder of all studies' downloads by URL."""

    folder: Path
    mirrors: Mapping[str, str] = field(default_factory=dict)
    """Start of an address to what replaces it, such as a site's own mirror."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files of one request."""

    archives: dict[str, str]
    """Address to the SHA-256 of the archive."""
    files: dict[str, str]
    """Path in the cache to the SHA-256 of the file."""


def fetch_release(
    request: Mapping[str, Any], cache: ReleaseCache, report: Callable[[Progress], None]
) -> Fetched:
    """Return the files of a request, downloaded and unpacked unless they are in the cache.

    Args:
        request: of ``xstilts.data.release_requests``.
        cache: where they are kept.
        report: receives the progress of downloads.

    Raises:
        UserError: an archive cannot be downloaded or unpacked, has changed, or lacks a file of the
            data set; says what to do.
    """
    entries = [_Entry(declared, cache) for declared in request["archives"]]
    records = {entry: entry.complete() or _download(entry, report) for entry in entries}
    found = _chosen(request, records)
    for entry in {
        entry for entry, path in found.values() if not entry.intact(records[entry], path)
    }:
        LOGGER.warning("%s: files are missing or have changed; downloading again", entry.folder)
        records[entry] = _download(entry, report)
    return Fetched(
        {entry.url: record["sha256"] for entry, record in records.items()},
        {
            f"{entry.folder.name}/{path}": records[entry]["files"][path]
            for entry, path in found.values()
        },
    )


def _chosen(
    request: Mapping[str, Any], records: Mapping[_Entry, dict[str, Any]]
) -> dict[str, tuple[_Entry, str]]:
    """Return the files of the data set, in the order in which they are read."""
    listed = {path: entry for entry, record in records.items() for path in record["files"]}
    paths = matching_paths(listed, request["files"])
    if not paths:
        urls = ", ".join(str(entry.url) for entry in records)
        raise UserError(
            f"{urls}: no file of this data set. Tried, in this order: "
            f"{', '.join(request['files'])}.{nearest(listed, request['files'])} Use `source: "
            "original` with release files that have it."
        )
    return {path: (listed[path], path) for path in paths}


class _Entry:
    """One archive in the cache."""

    def __init__(self, declared: Mapping[str, Any], cache: ReleaseCache) -> None:
        self.url: str = declared["url"]
        self.declared = declared
        self.cache = cache
        self.basename = PurePosixPath(urlsplit(self.url).path).name
        safe = re.sub(r"[^\w.-]", "_", self.basename)
        name = f"{safe}-{hashlib.sha256(self.url.encode()).hexdigest()[:8]}"
        self.folder = cache.folder / name
        self.record = cache.folder / f"{name}.json"

    @property
    def layout(self) -> dict[str, Any]:
        """What decides which files the folder has."""
        return {key: self.declared[key] for key in ("members", "into", "strip")}

    def known(self) -> dict[str, Any] | None:
        """The record of an earlier download, complete or not."""
        return dict(read_json(self.record)) if self.record.is_file() else None

    def complete(self) -> dict[str, Any] | None:
        """The record, if the folder is complete.

        Raises:
            UserError: the archive is not the one whose checksum is published.
        """
        record = self.known()
        if record is None or not self.folder.is_dir() or record["layout"] != self.layout:
            return None
        published = self.declared["sha256"]
        if published and published != record["sha256"]:
            raise UserError(
                f"{self.folder}: unpacked from a file with SHA-256 {record['sha256']}, but "
                f"{self.url} is known to have {published}. Delete this folder and {self.record} "
                "to download it again."
            )
        return record

    def intact(self, record: Mapping[str, Any], path: str) -> bool:
        """Return True if a file is as it was unpacked."""
        file = self.folder / path
        if leads_outside(file, self.folder) or not file.is_file():
            return False
        return sha256_of(file) == record["files"][path]

    @property
    def advice(self) -> str:
        """How to do without the download."""
        into = self.declared["into"]
        if is_archive(self.basename):
            put = f"unpack it in `data_root`{f'/{into}' if into else ''}"
        else:
            put = f"put it below `data_root` as {into}"
        return f"Or get the file in another way and {put}, with `source: original`."


def _download(entry: _Entry, report: Callable[[Progress], None]) -> dict[str, Any]:
    """Download and unpack an archive; return its record."""
    # requests takes long to import, and most jobs find their files in the cache
    from xstilts.transfers import explain_disk

    folder = entry.cache.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = folder / f".{entry.folder.name}.lock"
        with locked(lock, f"{entry.folder}", LOGGER.info):
            done = entry.complete()
            whole = done and all(entry.intact(done, path) for path in done["files"])
            return done if done and whole else _replace(entry, report)
    except OSError as error:
        if explained := explain_disk(error, folder, entry.url):
            raise explained from error
        raise


def _replace(entry: _Entry, report: Callable[[Progress], None]) -> dict[str, Any]:
    from xstilts.transfers import Download, download

    known, published = entry.known(), entry.declared["sha256"]
    wanted = Download(
        url=entry.url,
        actual=_mirrored(entry.url, entry.cache.mirrors),
        sha256=published or (known or {}).get("sha256", ""),
        known_from=(
            "the published one"
            if published
            else f"that of the first download ({entry.record}; delete this file to accept the new)"
        ),
        size=entry.declared["size"],
        advice=entry.advice,
    )
    parts = entry.cache.folder / ".parts" / entry.folder.name
    archive, unpacked, replaced = (parts / name for name in ("download", "unpacked", "replaced"))
    LOGGER.info("Downloading %s", wanted)
    download(wanted, archive, report)
    # of a run that was killed
    for folder in (unpacked, replaced):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        _unpack(entry, archive, unpacked)
        record = _described(entry, archive, unpacked)
        write_json(entry.record, record)
        if entry.folder.exists():
            entry.folder.rename(replaced)
        unpacked.rename(entry.folder)
    except UnpackError as error:
        shutil.rmtree(parts)
        raise UserError(f"{wanted}: {error}. {entry.advice}") from None
    except OSError:
        # the disk is full, say: the download need not be repeated
        shutil.rmtree(unpacked, ignore_errors=True)
        raise
    shutil.rmtree(parts)
    return record


def _described(entry: _Entry, archive: Path, unpacked: Path) -> dict[str, Any]:
    """Return the record of a download."""
    files = (path for path in sorted(unpacked.rglob("*")) if path.is_file())
    return {
        "url": entry.url,
        "sha256": sha256_of(archive),
        "size": archive.stat().st_size,
        "layout": entry.layout,
        "files": {path.relative_to(unpacked).as_posix(): sha256_of(path) for path in files},
    }


def _unpack(entry: _Entry, archive: Path, out: Path) -> None:
    """Write the files of an archive, or a plain file, in the layout of ``data_root``."""
    target = out / entry.declared["into"]
    if is_archive(entry.basename):
        target.mkdir(parents=True)
        unpack(archive, entry.basename, entry.declared["members"], target, entry.declared["strip"])
        return
    target.parent.mkdir(parents=True)
    if entry.basename.endswith(".gz"):
        decompress(archive, target)
    else:
        shutil.copyfile(archive, target)


def _mirrored(url: str, mirrors: Mapping[str, str]) -> str:
    """Return an address with its start replaced by that of a mirror; the longest start counts."""
    for start in sorted(mirrors, key=len, reverse=True):
        if url.startswith(start):
            return mirrors[start] + url.removeprefix(start)
    return url
