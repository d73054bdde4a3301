"""Manifests: the last file of a product to be written, which proves that it is complete."""

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
"""A copy of the manifest, to identify a product after Snakemake has deleted the manifest."""


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
        write_json(path, values)


def full_identity(declared: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the identity of a product: its declared part and the content of its inputs."""
    return {"declared": dict(declared), "inputs": dict(inputs)}


def read_manifest(path: Path) -> Manifest:
    """Read the manifest at ``path``.

    Raises:
        UserError: the manifest is missing, truncated, or of another format.
    """
    raw = read_json(path)
    try:
        return Manifest(**raw)
    except TypeError:
        raise UserError(
            f"{path}: not a manifest of this version. Delete it to make the product again."
        ) from None


def find_manifest(path: Path) -> Manifest | None:
    """Read the manifest at ``path``; None if it is missing or unusable."""
    try:
        return read_manifest(path)
    except (UserError, OSError):
        return None


def facts_of(path: Path) -> dict[str, Any]:
    """Return the facts of the manifest at ``path``; empty if it is missing or unusable."""
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
    manifest = find_manifest(kept)
    if manifest is None or digest(manifest.identity) != digest(identity) or damaged(path, manifest):
        return False
    write_text(path, kept.read_text(encoding="utf-8"))
    return True


def contents(manifests: Iterable[Path]) -> dict[str, str]:
    """Return product name to content digest, for complete inputs (:func:`require_whole`)."""
    return {product(path.as_posix()): require_whole(path).content for path in manifests}


def damaged(path: Path, manifest: Manifest) -> list[str]:
    """Return the files of a product that are missing or whose checksums differ."""
    return [
        name
        for name, item in manifest.files.items()
        if not (file := path.parent / name).is_file()
        or file.stat().st_size != item["bytes"]
        or sha256_of(file) != item["sha256"]
    ]


def require_whole(path: Path) -> Manifest:
    """Return the manifest, after checking that its files exist with the right size.

    Raises:
        UserError: a file is missing or truncated; says what to delete.
    """
    manifest = read_manifest(path)
    for name, item in manifest.files.items():
        file = path.parent / name
        if not file.is_file() or file.stat().st_size != item["bytes"]:
            raise UserError(
                f"{file}: missing or truncated; {path.name} lists it with {item['bytes']} bytes. "
                f"Delete {path} and run again to make it again."
            )
    return manifest
