"""Import of a base model from a folder or the hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xstilts.checkpoints import checkpoint_files, require_complete
from xstilts.files import read_json, sha256_of
from xstilts.manifest import KEPT, full_identity, keep, reuse, write_manifest

WEIGHTS = ("config.json", "model.safetensors", "heads.safetensors", "heads.json")


def checkpoint_folder(identity: Mapping[str, Any]) -> Path:
    """Return the folder of a checkpoint, downloaded if it is a hub repository.

    Args:
        identity: ``path``, or None there and ``hub`` and ``revision``.

    Raises:
        UserError: the repository cannot be downloaded; or the checkpoint is incomplete, needs
            code of its own, or has files that make no sense.
    """
    if identity["path"] is not None:
        folder = Path(identity["path"])
    else:
        from xstilts.hub import OTHER_FORMATS, Repository, snapshot

        wanted = Repository(name=identity["hub"], revision=identity["revision"])
        folder = snapshot(wanted, ignore=OTHER_FORMATS)
    # not while the workflow is parsed: imports torch and transformers
    from xstilts.models.untrusted import one_error, require_harmless

    with one_error(folder):
        require_complete(folder, identity["hub"] or str(folder))
        require_harmless(folder)
    return folder


def import_base(identity: dict[str, Any], *, tokenizer: Path, model: Path) -> None:
    """Copy a checkpoint into the study: tokenizer, encoder in fp32, and their manifests.

    Args:
        identity: declared identity (``xstilts.grid.identities.imported_base``).
        tokenizer: manifest of the tokenizer to write.
        model: manifest of the model to write.

    Raises:
        UserError: the checkpoint is unavailable, incomplete or damaged, or its tokenizer cannot be
            taken without changing it.
    """
    source = checkpoint_folder(identity)
    inputs = {file.name: sha256_of(file) for file in checkpoint_files(source)}
    full = full_identity(identity, inputs)
    if reuse(model, full) and reuse(tokenizer, full):
        return
    from xstilts.models.untrusted import one_error

    with one_error(source):
        _import_tokenizer(source, tokenizer, full, read_json(source / "config.json"))
        _import_model(source, model.parent)
    files = {name: model.parent / name for name in WEIGHTS if (model.parent / name).is_file()}
    write_manifest(model, full, files=files, facts={"source": str(source)})
    keep(model)


def _import_model(source: Path, folder: Path) -> None:
    from xstilts.models.damage import require_finite
    from xstilts.models.encoder import load_encoder, save_encoder

    encoder = load_encoder(source)
    require_finite(encoder, source)
    folder.mkdir(parents=True, exist_ok=True)
    save_encoder(encoder, folder)


def _import_tokenizer(
    source: Path, manifest: Path, full: dict[str, Any], config: Mapping[str, Any]
) -> None:
    from xstilts.tokens.published import import_tokenizer, require_fit

    manifest.parent.mkdir(parents=True, exist_ok=True)
    own = {manifest.name, KEPT}
    for file in manifest.parent.iterdir():
        if file.name not in own:
            file.unlink()
    backend = import_tokenizer(source, manifest.parent, config.get("model_type"))
    require_fit(source, manifest.parent, config, backend)
    files = {file.name: file for file in manifest.parent.iterdir() if file.name not in own}
    write_manifest(manifest, full, files=files, facts={"source": str(source)})
    keep(manifest)
