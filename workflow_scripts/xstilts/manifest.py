"""Manifests: the last file of a product to be written, and the only one that says it is whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.files import read_json, sha256_of, write_json, write_text
from xstilts.identity import digest
from xstilts.paths import product

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


KEPT = ".manifest.json"
"""The copy of a manifest by which a product is known when the manifest itself is gone."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a product is and what decided it."""

    id: str
    """Digest of the identity with which it was made; accepting another code does not change it."""
    identity: dict[str, Any]
    """``declared``: the rule's parameters; ``inputs``: content of each input by name."""
    content: str
    """What products made from this one depend on."""
    files: dict[str, dict[str, Any]]
    """Name (beside the manifest) to ``bytes`` and ``sha256``."""
    facts: dict[str, Any]
    """Counts, durations, versions: of interest, of no effect."""
    accepted: list[dict[str, Any]] = field(default_factory=list)
    """What its identity had as code before, and why that stands (``xstilts.acceptance``)."""

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        values = {name: getattr(self, name) for name in ("id", "identity", "content", "files")}
        values["facts"] = self.facts
        if self.accepted:
            values["accepted"] = self.accepted
        write_json(path, values)


def full_identity(declared: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, Any]:
    """The identity of a product: its declared part and the content of its inputs."""
    return {"declared": dict(declared), "inputs": dict(inputs)}


def read_manifest(path: Path) -> Manifest:
    """The manifest at ``path``.

    Raises:
        UserError: missing, cut, or of another format.
    """
    raw = read_json(path)
    try:
        return Manifest(**raw)
    except TypeError:
        raise UserError(
            f"{path}: not a manifest of this version. Delete it to make the product again."
        ) from None


def find_manifest(path: Path) -> Manifest | None:
    """The manifest at ``path``; None if it is missing, cut, of another format, or unreadable."""
    try:
        return read_manifest(path)
    except (UserError, OSError):
        return None


def facts_of(path: Path) -> dict[str, Any]:
    """The facts of the manifest at ``path``; none where :func:`find_manifest` finds none."""
    found = find_manifest(path)
    return found.facts if found else {}


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
        files: name to file, all finished and in place.
        facts: plain values worth keeping.
        content: content digest; by default that of the files' bytes.
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
    """Remember a finished product beside its manifest, for :func:`reuse`.

    Snakemake deletes a rule's outputs before its job, so the manifest; the files beside it and this
    copy are no outputs and stay.
    """
    write_text(path.with_name(KEPT), path.read_text(encoding="utf-8"))


def reuse(path: Path, identity: Mapping[str, Any]) -> bool:
    """Put back the manifest of a product with this identity, if it is here and whole.

    Returns:
        Whether there was one; there is nothing left to do then.
    """
    kept = path.with_name(KEPT)
    manifest = find_manifest(kept)
    if manifest is None or digest(manifest.identity) != digest(identity) or damaged(path, manifest):
        return False
    write_text(path, kept.read_text(encoding="utf-8"))
    return True


def contents(manifests: Iterable[Path]) -> dict[str, str]:
    """Product name to content digest, for inputs that must be whole (:func:`require_whole`)."""
    return {product(path.as_posix()): require_whole(path).content for path in manifests}


def damaged(path: Path, manifest: Manifest) -> list[str]:
    """Files of a product that are missing or differ from their manifest (by checksum)."""
    return [
        name
        for name, item in manifest.files.items()
        if not (file := path.parent / name).is_file()
        or file.stat().st_size != item["bytes"]
        or sha256_of(file) != item["sha256"]
    ]


def require_whole(path: Path) -> Manifest:
    """The manifest, after a look at its files (presence and size, not checksum: that is slow).

    Raises:
        UserError: a file is missing or has another size; says what to delete.
    """
    manifest = read_manifest(path)
    for name, item in manifest.files.items():
        file = path.parent / name
        if not file.is_file() or file.stat().st_size != item["bytes"]:
            raise UserError(
                f"{file}: missing or cut, though {path.name} lists it with {item['bytes']} bytes. "
                f"Delete {path} and run again to make it anew."
            )
    return manifest
