"""Import of a base model from a folder or the hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xstilts.errors import UserError
from xstilts.files import sha256_of
from xstilts.identity import digest
from xstilts.manifest import KEPT, full_identity, keep, reuse, write_manifest

WEIGHTS = ("config.json", "model.safetensors", "heads.safetensors", "heads.json")


def checkpoint_folder(identity: Mapping[str, Any]) -> Path:
    """Return the folder of a checkpoint, downloaded if it is a hub repository.

    Args:
        identity: ``path``, or None there and ``hub`` and ``revision``.

    Raises:
        UserError: the repository cannot be downloaded.
    """
    if identity["path"] is not None:
        return Path(identity["path"])
    from xstilts.hub import OTHER_FORMATS, Repository, snapshot

    wanted = Repository(name=identity["hub"], revision=identity["revision"])
    return snapshot(wanted, ignore=OTHER_FORMATS)


def import_base(identity: dict[str, Any], *, tokenizer: Path, model: Path) -> None:
    """Copy a checkpoint into the study: tokenizer, encoder in fp32, and their manifests.

    Args:
        identity: declared identity (``xstilts.grid.identities.imported_base``).
        tokenizer: manifest of the tokenizer to write.
        model: manifest of the model to write.

    Raises:
        UserError: the checkpoint is unavailable, lacks encoder weights, or has no fast tokenizer.
    """
    source = checkpoint_folder(identity)
    inputs = {
        file.name: sha256_of(file)
        for file in sorted(source.iterdir())
        if file.is_file() and file.suffix in {".json", ".safetensors", ".bin", ".model"}
    }
    full = full_identity(identity, inputs)
    if reuse(model, full) and reuse(tokenizer, full):
        return
    _import_tokenizer(source, tokenizer, full)
    from xstilts.models.encoder import load_encoder, save_encoder

    model.parent.mkdir(parents=True, exist_ok=True)
    save_encoder(load_encoder(source), model.parent)
    files = {name: model.parent / name for name in WEIGHTS if (model.parent / name).is_file()}
    content = digest({name: sha256_of(path) for name, path in files.items()})
    write_manifest(model, full, files=files, facts={"source": str(source)}, content=content)
    keep(model)


def _import_tokenizer(source: Path, manifest: Path, full: dict[str, Any]) -> None:
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(source, local_files_only=True)
    if not loaded.is_fast:
        raise UserError(
            f"{source}: transformers cannot make a fast tokenizer (tokenizer.json) of this folder. "
            "Use a checkpoint that has one."
        )
    manifest.parent.mkdir(parents=True, exist_ok=True)
    loaded.save_pretrained(manifest.parent)
    own = {manifest.name, KEPT}
    files = {file.name: file for file in manifest.parent.iterdir() if file.name not in own}
    write_manifest(manifest, full, files=files, facts={"source": str(source)})
    keep(manifest)
