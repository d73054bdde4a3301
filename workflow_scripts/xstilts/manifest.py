"""Manifests: the last file of a product to be written, which proves that it is complete.

A manifest has the checksum of every data file of its product and of itself. Jobs check those of
their inputs before they read them (:func:`contents`), each file once per process: a bit that
flipped on a disk ends in an error that names the file, not in another result. Manifests of earlier
versions without checksums of themselves remain valid.
"""

from __future__ import annotations

import functools
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.files import read_json, sha256_of, write_json, write_text
from xstilts.identity import digest
from xstilts.paths import product

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

LOGGER = logging.getLogger(__name__)

KEPT = ".manifest.json"
"""A copy of the manifest, to identify a product after Snakemake has deleted the manifest."""

CHECKSUM = "checksum"
"""Key of the digest of a manifest's other values."""

ADAPTER_PARENT = "parent.json"
"""File of a model that consists of adapters, with the folder of the model that they belong to."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Identity, content and files of a product."""

    id: str
    """Digest of the identity with which it was made; accepting other code does not change it."""
    identity: dict[str, Any]
    """``declared``: the rule's parameters; ``inputs``: content of each input by name."""
    content: str
    """Content digest, which the identities of products made from this one contain."""
    files: dict[str, dict[str, Any]]
    """File name (in the manifest's folder) to ``bytes`` and ``sha256``."""
    facts: dict[str, Any]
    """Counts, durations, versions: for information only."""
    accepted: list[dict[str, Any]] = field(default_factory=list)
    """Earlier code of its identity, and why it was accepted (``xstilts.acceptance``)."""

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        values = {name: getattr(self, name) for name in ("id", "identity", "content", "files")}
        values["facts"] = self.facts
        if self.accepted:
            values["accepted"] = self.accepted
        write_values(path, values)


def write_values(path: Path, values: Mapping[str, Any], *, durable: bool = True) -> None:
    """Write the values of a manifest as JSON, with their checksum."""
    plain = {name: value for name, value in values.items() if name != CHECKSUM}
    write_json(path, {**plain, CHECKSUM: digest(plain)}, durable=durable)


def full_identity(declared: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the identity of a product: its declared part and the content of its inputs."""
    return {"declared": dict(declared), "inputs": dict(inputs)}


def read_values(path: Path) -> dict[str, Any]:
    """Read the values of the manifest at ``path``, without their checksum.

    Raises:
        UserError: the manifest is missing, truncated, damaged, or not a manifest.
    """
    values = read_json(path)
    if not isinstance(values, dict):
        raise UserError(f"{path}: not a manifest. Delete it to make the product again.")
    if (stored := values.pop(CHECKSUM, None)) is not None and stored != digest(values):
        raise UserError(
            f"{path}: damaged, its content does not have the checksum {stored} that it was "
            "written with. Restore it from a copy, or delete it and run again to make the product "
            "again."
        )
    return values


def read_manifest(path: Path) -> Manifest:
    """Read the manifest at ``path``.

    Raises:
        UserError: the manifest is missing, truncated, damaged, or of another format.
    """
    try:
        return Manifest(**read_values(path))
    except TypeError:
        raise UserError(
            f"{path}: not a manifest of this version. Delete it to make the product again."
        ) from None


def find_manifest(path: Path) -> Manifest | None:
    """Read the manifest at ``path``; None if there is none.

    Raises:
        UserError: the manifest is truncated, damaged, or of another format.
    """
    return read_manifest(path) if path.is_file() else None


def facts_of(path: Path) -> dict[str, Any]:
    """Return the facts of the manifest at ``path``; empty if there are none.

    Raises:
        UserError: the manifest is truncated or damaged.
    """
    return dict(read_values(path).get("facts", {})) if path.is_file() else {}


def write_manifest(
    path: Path,
    identity: dict[str, Any],
    *,
    files: Mapping[str, Path],
    facts: Mapping[str, Any],
    content: str | None = None,
) -> Manifest:
    """Write the manifest of finished files.

    Args:
        path: the manifest.
        identity: from :func:`full_identity`.
        files: name to file, all complete and in their final folder.
        facts: plain values for information.
        content: content digest; by default that of the files' checksums.
    """
    described = {
        name: {"bytes": file.stat().st_size, "sha256": sha256_of(file)}
        for name, file in sorted(files.items())
    }
    content = content or digest({name: item["sha256"] for name, item in described.items()})
    manifest = Manifest(digest(identity), identity, content, described, dict(facts))
    manifest.write(path)
    return manifest


def keep(path: Path) -> None:
    """Copy the manifest of a finished product, for :func:`reuse`.

    Snakemake deletes a rule's outputs, such as the manifest, before it runs the job again. This
    copy and the files described by the manifest are not outputs and stay.
    """
    write_text(path.with_name(KEPT), path.read_text(encoding="utf-8"))


def reuse(path: Path, identity: Mapping[str, Any]) -> bool:
    """Restore the manifest of a complete product with this identity, if there is one.

    Returns:
        True if there was one, so that the job has nothing to do.
    """
    kept = path.with_name(KEPT)
    try:
        manifest = find_manifest(kept)
    except UserError as error:
        LOGGER.warning("not reused: %s", error)
        return False
    if manifest is None or digest(manifest.identity) != digest(identity):
        return False
    for name, problem in problems(path, manifest):
        LOGGER.warning("not reused: %s is %s", path.with_name(name), problem)
        return False
    write_text(path, kept.read_text(encoding="utf-8"))
    return True


def contents(manifests: Iterable[Path]) -> dict[str, str]:
    """Return product name to content digest, for complete inputs (:func:`require_whole`)."""
    return {product(path.as_posix()): require_whole(path).content for path in manifests}


def problems(
    path: Path, manifest: Manifest, names: Collection[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Yield name and problem of each file of a product that is missing, truncated or damaged.

    Args:
        path: the manifest.
        manifest: its content.
        names: the files to check; None for all.
    """
    for name, item in manifest.files.items():
        file = path.parent / name
        if names is not None and name not in names:
            continue
        if not file.is_file():
            yield name, "missing"
        elif (size := file.stat().st_size) != item["bytes"]:
            yield name, f"truncated: {size} bytes, not {item['bytes']}"
        elif "sha256" in item and checksum_of(file) != item["sha256"]:
            yield name, "damaged: its content has changed since it was made"


def checksum_of(file: Path) -> str:
    """Return the SHA-256 of a file; this process reads it again only if it was replaced."""
    status = file.stat()
    return _checksum(os.fspath(file), status.st_ino, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=4096)
def _checksum(file: str, _inode: int, _size: int, _modified: int) -> str:
    return sha256_of(Path(file))


def require_whole(path: Path, names: Collection[str] | None = None) -> Manifest:
    """Return the manifest, after checking that its files are those that were made.

    Args:
        path: the manifest.
        names: the files to check; by default all, and for adapters also their parent's.

    Raises:
        UserError: a file is missing, truncated or damaged; says what to delete.
    """
    manifest = read_manifest(path)
    for name, problem in problems(path, manifest, names):
        raise UserError(
            f"{path.parent / name}: {problem}. Restore it from a copy, or delete {path} and run "
            "again to make it again."
        )
    if names is None and (parent := adapter_parent(path, manifest)):
        require_whole(parent)
    return manifest


def adapter_parent(path: Path, manifest: Manifest) -> Path | None:
    """Return the manifest of the model that adapters belong to; None for other products."""
    if ADAPTER_PARENT not in manifest.files:
        return None
    folder = read_json(path.with_name(ADAPTER_PARENT))["folder"]
    parent = Path(os.path.normpath(path.parent / folder)) / "manifest.json"
    return parent if parent.is_file() else None


def checked_file(path: Path, name: str) -> Path:
    """Return a file of a product, after checking it if the product has a manifest.

    Args:
        path: the manifest, which is missing while the product is being made.
        name: the file, in the same folder.

    Raises:
        UserError: the file is missing, truncated or damaged; says what to delete.
    """
    if path.is_file():
        require_whole(path, [name])
    return path.with_name(name)
