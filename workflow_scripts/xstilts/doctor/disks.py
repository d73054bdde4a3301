"""Free space and files of the folders that a run writes to, and whether it may write there."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import psutil

from xstilts import storage
from xstilts.doctor.base import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xstilts.doctor.base import Level

NETWORK = ("nfs", "lustre", "gpfs", "beegfs", "ceph", "cifs", "smb", "afs", "panfs", "wekafs",
           "fuse.sshfs", "9p", "glusterfs", "fhgfs", "orangefs", "virtiofs")  # fmt: skip
"""Beginnings of the types of file systems that several machines can share."""
LITTLE, TOO_LITTLE = 20e9, 1e9
"""Bytes below which space is a warning, or a fault."""
FEW, TOO_FEW = 50_000, 1_000
"""The same for files that can still be made; a study has tens of thousands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """A folder that a run writes to."""

    name: str
    path: Path
    move: str
    """How to have it elsewhere."""
    needed: int = 0
    """Bytes that the study still needs there, if known."""


def folders(needed: int = 0, caches: Mapping[str, Path] = MappingProxyType({})) -> list[Folder]:
    """Return the folders that every run writes to, and a study's caches of downloads.

    Args:
        needed: bytes that a study needs for its results.
        caches: key of the study to its folder.
    """
    from huggingface_hub import constants

    return [
        Folder(
            name="results",
            path=Path("results"),
            move="make results/ a link to a folder elsewhere",
            needed=needed,
        ),
        Folder(name=".snakemake", path=Path(".snakemake"), move="move the checkout"),
        Folder(
            name="Hugging Face cache",
            path=Path(constants.HF_HUB_CACHE),
            move="set HF_HOME to a folder elsewhere",
        ),
        Folder(
            name="TMPDIR", path=Path(tempfile.gettempdir()), move="set TMPDIR to a folder elsewhere"
        ),
        *(
            Folder(name=key, path=path, move=f"set `{key}` in the study to a folder elsewhere")
            for key, path in caches.items()
        ),
    ]


def space(folder: Folder) -> Iterator[Finding]:
    """Write to a folder, or the closest one that exists, and check its file system's free space."""
    existing = existing_folder(folder.path)
    subject = f"space of {folder.name}"
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        yield Finding(
            "fault", subject, f"{folder.path}: {error.strerror}", f"Change it, or {folder.move}."
        )
        return
    usage, files = shutil.disk_usage(existing), os.statvfs(existing)
    # file systems that make inodes as they need them have a count of 0
    left = files.f_favail if files.f_files else None
    counted = "as many files as fit" if left is None else f"{left:,} files"
    found = (
        f"{usage.free / 1e9:,.1f} of {usage.total / 1e9:,.1f} GB and {counted} free on "
        f"{mount_point(existing)} ({filesystem(existing)}), for {folder.path}"
    )
    levels: list[Level] = [
        _level(usage.free, LITTLE, max(TOO_LITTLE, folder.needed)),
        _level(float("inf") if left is None else left, FEW, TOO_FEW),
    ]
    level = max(levels, key=("ok", "warning", "fault").index)
    if folder.needed:
        found += f"; the study still needs {folder.needed / 1e9:,.1f} GB at most (xstilts plan)"
    do = f"Free space, or {folder.move}." if level != "ok" else ""
    yield Finding(level, subject, found, do)


# private there: other names would be other code of every trained stage (xstilts.fingerprint)
def existing_folder(path: Path) -> Path:
    """Return the closest folder of a path that exists, without links."""
    return storage._existing(path.absolute()).resolve()


def mount_point(folder: Path) -> Path:
    """Return the mount point of the file system of an existing folder."""
    return storage._mount(folder.resolve())


def filesystem(folder: Path) -> str:
    """Return the type of the file system of an existing folder; ``unknown`` if it is not listed."""
    mount = str(mount_point(folder))
    types = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    return str(types.get(mount, "unknown")) or "unknown"


def is_shared(kind: str) -> bool:
    """Return True if several machines can have a file system of a type."""
    return kind.lower().startswith(NETWORK)


def _level(free: float, little: float, too_little: float) -> Level:
    if free < too_little:
        return "fault"
    return "warning" if free < little else "ok"
