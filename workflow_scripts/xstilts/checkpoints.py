"""Checkpoint folders in Hugging Face format: their files, and whether any is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.checksums import require_no_pointer
from xstilts.errors import UserError
from xstilts.files import leads_outside, missing_parts, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = {".json", ".safetensors", ".bin", ".model", ".spm", ".txt"}
"""Suffixes of files that determine a model or its tokenizer."""

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Files with the weights, the preferred format first; large models have an index of parts."""
_TENSORS = {".safetensors", ".bin"}

_OBJECTS = {"config.json", "tokenizer_config.json", "special_tokens_map.json"}


def checkpoint_files(folder: Path) -> list[Path]:
    """Return the files that determine a model and its tokenizer, by name; none of no folder."""
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in files if file.is_file() and file.suffix in SUFFIXES)


def require_config(folder: Path, where: str) -> None:
    """Raise a UserError unless a folder has a model's configuration.

    Args:
        folder: the checkpoint.
        where: configuration key, or file and line, for the error.
    """
    if not (folder / "config.json").is_file():
        raise UserError(f"{where}: {folder} is not a checkpoint folder: it has no config.json.")
    _require_own(folder / "config.json", where)


def _require_own(file: Path, where: str) -> None:
    """Raise a UserError if a small file of a checkpoint is that of another folder.

    Its content becomes part of products and messages, and a folder from elsewhere may link to any
    file of this user. Weights may be on another disk: nothing but tensors is read from them.
    """
    if file.suffix not in _TENSORS and leads_outside(file, file.parent):
        raise UserError(
            f"{where}: {file} is a link out of its folder, to {file.readlink()}. Replace it by a "
            "copy (cp --remove-destination)."
        )


def require_complete(folder: Path, where: str) -> None:
    """Raise a UserError unless a folder has a configuration, all weights and a tokenizer.

    Args:
        folder: the checkpoint.
        where: configuration key, or file and line, for the error.
    """
    require_config(folder, where)
    files = checkpoint_files(folder)
    for file in files:
        _require_own(file, where)
        require_no_pointer(file)
    names = {file.name for file in files}
    for name in names & _OBJECTS:
        _object(folder / name)
    if missing := sorted(set(_parts(folder, names)) - names):
        raise UserError(
            f"{where}: {folder} is incomplete: {', '.join(missing[:3])}"
            f"{' and more' * (len(missing) > 3)} missing. Copy or download it again."
        )
    if not any(name in names or f"{name}.index.json" in names for name in WEIGHTS):
        raise UserError(
            f"{where}: {folder} has no weights ({' or '.join(WEIGHTS)}). Convert other "
            "formats with transformers: save_pretrained() writes model.safetensors."
        )
    if not ("tokenizer.json" in names or tokenizer_sources(folder)):
        raise UserError(
            f"{where}: {folder} has no tokenizer (tokenizer.json, or a SentencePiece model or "
            "vocabulary). Copy the tokenizer files of the original model there: "
            "AutoTokenizer.from_pretrained(ORIGINAL).save_pretrained(FOLDER)."
        )


def _object(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file."""
    value = read_json(file)
    if not isinstance(value, dict):
        raise UserError(f"{file}: not a JSON object. Copy or download it again.")
    return value


def _parts(folder: Path, names: set[str]) -> Iterator[str]:
    """Yield files that the weights need: those of their index, or what parts by name lack."""
    for name in WEIGHTS:
        if name in names:
            return
        if f"{name}.index.json" in names:
            index = folder / f"{name}.index.json"
            parts = _object(index).get("weight_map")
            if not isinstance(parts, dict) or not all(isinstance(p, str) for p in parts.values()):
                raise UserError(f"{index}: no names of files. Copy or download it again.")
            yield from parts.values()
            return
    yield from missing_parts(names, first=1)
    # parts without an index cannot be put together
    yield from (
        f"{name}.index.json"
        for name in WEIGHTS
        if any(part.startswith(f"{Path(name).stem}-") for part in names)
    )


def tokenizer_sources(folder: Path) -> list[Path]:
    """Return the files from which a fast tokenizer can be built, other than tokenizer.json."""
    return [
        file
        for file in checkpoint_files(folder)
        if file.suffix in {".model", ".spm"} or file.name in {"vocab.txt", "vocab.json"}
    ]
