"""Unpacks the needed members of an archive: zip, tar, or a single compressed file."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from xstilts.data.file_patterns import fits, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

INNER = "!"
"""Separates the pattern of a member that is an archive from the patterns of its members."""

_BROKEN = (
    EOFError, OSError, RuntimeError, NotImplementedError, tarfile.TarError, zipfile.BadZipFile,
    zlib.error, lzma.LZMAError,
)  # fmt: skip
"""Raised for archives that are truncated, damaged, encrypted or compressed in an unknown way."""

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class UnpackError(Exception):
    """An archive that is damaged, has unsafe members or lacks a member; the message says which."""


def is_archive(name: str) -> bool:
    """Return True if a file name is that of an archive of several files."""
    return name.endswith((".zip", *_TARS))


def unpack(archive: Path, name: str, patterns: Sequence[str], out: Path, strip: int = 0) -> None:
    """Write the members that match any of the patterns to a folder.

    Args:
        archive: the file.
        name: its name, which tells its format.
        patterns: of members (:class:`xstilts.tasks.base.Archive`).
        out: folder for the members, which keep their paths.
        strip: leading folders of the paths to leave out.

    Raises:
        UnpackError: no archive of this format, or a damaged one; a selected member with an absolute
            path or a path that leaves the folder, or a link; no member for one of the patterns.
        OSError: the folder cannot be written, for example because the disk is full.
    """
    wanted = [pattern.partition(INNER)[::2] for pattern in patterns]
    names: list[str] = []
    matched: set[str] = set()
    for member in _members(archive, name):
        names.append(member.name)
        found = [(outer, inner) for outer, inner in wanted if fits(member.name, outer)]
        if not found:
            continue
        member.require_safe()
        matched.update(outer for outer, _ in found)
        target = out.joinpath(*PurePosixPath(member.name).parts[strip:])
        target.parent.mkdir(parents=True, exist_ok=True)
        member.copy_to(target)
        if inner := [part for _, part in found if part]:
            _unpack_inner(target, inner)
    for outer, _ in wanted:
        if outer not in matched:
            raise UnpackError(f"it has no member {outer}.{nearest(names, [outer])}")


def _unpack_inner(archive: Path, patterns: Sequence[str]) -> None:
    """Replace an unpacked archive by a folder of its name (without suffix) with its members."""
    suffix = next(suffix for suffix in (".zip", *_TARS[::-1]) if archive.name.endswith(suffix))
    unpack(archive, archive.name, patterns, archive.with_name(archive.name.removesuffix(suffix)))
    archive.unlink()


@dataclass(frozen=True, slots=True)
class _Member:
    """A file or link of an archive."""

    name: str
    is_link: bool
    open: Callable[[], IO[bytes] | gzip.GzipFile | None]

    def require_safe(self) -> None:
        """Raise an UnpackError for a link, or a path that may leave the folder."""
        path = PurePosixPath(self.name)
        if self.is_link:
            raise UnpackError(
                f"its member {self.name} is a link or a special file, which is never unpacked"
            )
        if path.is_absolute() or ".." in path.parts or "\\" in self.name or ":" in path.parts[0]:
            raise UnpackError(f"the path of its member {self.name} leaves the folder")

    def copy_to(self, target: Path) -> None:
        """Write the content to a file."""
        with _damage():
            source = self.open()
        assert source is not None, self.name
        with source, target.open("wb") as stream:
            while chunk := _read(source):
                stream.write(chunk)


def _read(source: IO[bytes] | gzip.GzipFile) -> bytes:
    # only errors of reading are the archive's; those of writing are the disk's
    with _damage():
        return source.read(1 << 20)


@contextlib.contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise UnpackError(f"it is damaged: {type(error).__name__}: {error}") from error


def _members(archive: Path, name: str) -> Iterator[_Member]:
    found = _zip_members(archive) if name.endswith(".zip") else _tar_members(archive)
    while True:
        with _damage():
            member = next(found, None)
        if member is None:
            return
        yield member


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as file:
        for item in file.infolist():
            if not item.is_dir():
                is_link = stat.S_ISLNK(item.external_attr >> 16)
                yield _Member(_plain(item.filename), is_link, partial(file.open, item))


def _tar_members(archive: Path) -> Iterator[_Member]:
    # read once from start to end: a compressed archive has no index
    with tarfile.open(archive, "r|*") as file:
        for item in file:
            if not item.isdir():
                opened = partial(file.extractfile, item)
                yield _Member(_plain(item.name), not item.isfile(), opened)


def _plain(name: str) -> str:
    return name.removeprefix("./")


def decompress(source: Path, target: Path) -> None:
    """Write the content of a ``.gz`` file.

    Raises:
        UnpackError: it is damaged.
        OSError: the target cannot be written.
    """
    _Member(source.name, False, partial(gzip.open, source)).copy_to(target)
