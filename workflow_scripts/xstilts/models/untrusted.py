"""Checks of a checkpoint folder from elsewhere, before any library opens it.

No code of a checkpoint is ever run: neither Python files that its configuration names, with the key
``auto_map``, nor what a pickle would call; and no library may ask for permission. A fault has one
message with the file; the libraries would end in errors of their own, or take all memory.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from xstilts.checkpoints import WEIGHTS
from xstilts.errors import Interrupted, UserError, shortened
from xstilts.files import read_json
from xstilts.models.adapter_files import CONFIG as ADAPTER_CONFIG
from xstilts.models.adapter_files import is_adapter
from xstilts.models.damage import require_whole_file
from xstilts.storage import storage_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WIDTH = ("hidden_size", "d_model", "n_embd", "n_embed", "dim", "emb_dim")
_LAYERS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers", "encoder_layers")
_NEEDED = (_WIDTH, _LAYERS, ("vocab_size", "n_words"))
"""Sizes, each under its names in the families of models; for a missing one transformers takes the
default of the family, which is a large model."""
_SIZES = (
    *_WIDTH, *_LAYERS, "vocab_size", "n_words", "intermediate_size", "d_ff", "num_attention_heads",
    "num_heads",
)  # fmt: skip
"""Keys of ``config.json`` that must be positive whole numbers."""
_AGAIN = "Copy or download the checkpoint again."
_NO_CODE = "Code of a checkpoint is never run here."


@contextlib.contextmanager
def one_error(folder: Path) -> Iterator[None]:
    """Turn what libraries raise for a folder that makes no sense into one UserError.

    Each class of models and tokenizers fails in its own way, those in Rust even past ``Exception``.
    """
    try:
        yield
    except (UserError, Interrupted, MemoryError):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        # not of the checkpoint, but of the place that it is copied to
        if storage_problem(error, Path("results")):
            raise
        raise UserError(
            f"{folder}: the checkpoint cannot be loaded ({type(error).__name__}: {error!s:.200}). "
            "Check config.json, the tokenizer and the weights, or copy or download it again."
        ) from error


def require_harmless(folder: Path) -> None:
    """Raise a UserError for a checkpoint that needs its own code, or whose files make no sense.

    Also makes transformers refuse code from now on, instead of asking on the terminal.

    Args:
        folder: the checkpoint.

    Raises:
        UserError: names the file and what to do.
    """
    config = _object(folder / "config.json")
    tokenizer = folder / "tokenizer_config.json"
    tokenizer_config = _object(tokenizer) if tokenizer.is_file() else {}
    utilities = importlib.import_module("transformers.dynamic_module_utils")
    # 0 seconds to answer: transformers raises an error at once
    utilities.TIME_OUT_REMOTE_CODE = 0  # type: ignore[attr-defined]
    _require_no_code(folder / "config.json", config)
    _require_no_tokenizer_code(tokenizer, tokenizer_config)
    if (folder / ADAPTER_CONFIG).is_file() and not is_adapter(folder):
        raise UserError(
            f"{folder / ADAPTER_CONFIG}: adapters of another model. Merge them into it first: "
            "merge_and_unload() of peft, then save_pretrained()."
        )
    files = weight_files(folder)
    for file in files:
        (_require_plain_weights if file.suffix == ".bin" else require_whole_file)(file)
    _require_sizes(folder / "config.json", config, sum(file.stat().st_size for file in files))


def _object(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file of a checkpoint."""
    value = read_json(file)
    if not isinstance(value, dict):
        raise UserError(f"{file}: not a JSON object. {_AGAIN}")
    return value


def _require_no_code(file: Path, config: Mapping[str, Any]) -> None:
    """Raise a UserError if transformers could load a model only with code of its folder."""
    names = importlib.import_module("transformers.models.auto.configuration_auto")
    version = importlib.import_module("transformers").__version__
    kind = config.get("model_type")
    if config.get("auto_map") and kind not in names.CONFIG_MAPPING_NAMES:
        raise UserError(
            f"{file}: this model needs Python code of its own (auto_map: "
            f"{shortened(config['auto_map'])}), since transformers {version} has no model_type "
            f"{shortened(kind)}. {_NO_CODE} Use a checkpoint of a type that transformers knows."
        )
    for key, value in config.items():
        if key.lstrip("_").startswith("attn_implementation") and "/" in str(value):
            raise UserError(
                f"{file}: {key} names a kernel to download, {shortened(value)}. {_NO_CODE} Remove "
                "the key."
            )


def _require_no_tokenizer_code(file: Path, config: Mapping[str, Any]) -> None:
    """Raise a UserError if a tokenizer could be loaded only with code of its folder."""
    code = config.get("auto_map")
    if not code or (file.parent / "tokenizer.json").is_file():
        return
    auto = importlib.import_module("transformers.models.auto.tokenization_auto")
    name = config.get("tokenizer_class")
    if not isinstance(name, str) or auto.tokenizer_class_from_name(name) is None:
        raise UserError(
            f"{file}: this tokenizer needs Python code of its own (auto_map: {shortened(code)}). "
            f"{_NO_CODE} Use a checkpoint with a tokenizer.json."
        )


def weight_files(folder: Path) -> list[Path]:
    """Return the files with the weights of a checkpoint, of the preferred format.

    Raises:
        UserError: an index makes no sense.
    """
    for name in WEIGHTS:
        if (folder / name).is_file():
            return [folder / name]
        index = folder / f"{name}.index.json"
        if not index.is_file():
            continue
        parts = _object(index).get("weight_map")
        suffix = f".{name.rpartition('.')[2]}"
        found: list[Any] = list(parts.values()) if isinstance(parts, dict) else [None]
        for part in found:
            plain = isinstance(part, str) and "/" not in part and part.endswith(suffix)
            if not plain or not (folder / str(part)).is_file():
                raise UserError(
                    f"{index}: {shortened(part)} is no file of weights in this folder. {_AGAIN}"
                )
        return [folder / part for part in sorted(set(found))]
    return []


def _require_plain_weights(file: Path) -> None:
    """Raise a UserError for a pickle of anything but tensors, which would run its code."""
    try:
        with file.open("rb") as stream:
            # files of torch before 1.6 are no zip archives and cannot be mapped
            mapped = stream.read(2) == b"PK"
        torch.load(file, map_location="cpu", weights_only=True, mmap=mapped)
    # torch and pickle have no common class of errors
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise UserError(
            f"{file}: not a file of weights only ({type(error).__name__}: {reason:.150}). It is "
            f"damaged, or would run code. {_NO_CODE} Use the checkpoint in the format of "
            "safetensors: load it with the library that wrote it and call save_pretrained(FOLDER)."
        ) from None


def _require_sizes(file: Path, config: Mapping[str, Any], stored: int) -> None:
    """Raise a UserError for sizes that are missing, no sizes, or far beyond the stored weights.

    Only those that would mislead or take long later: ``models.checkpoint`` compares all sizes with
    the weights, in a model without memory.

    Args:
        file: ``config.json``, for messages.
        config: its content.
        stored: bytes of the weights. No format takes less than half a byte per weight, and layers
            may share theirs.
    """
    parts = [config, *(value for value in config.values() if isinstance(value, dict))]
    for part in parts:
        _require_plain_numbers(file, part)
    _require_no_default_sizes(file, config)
    for part in parts:
        width = next((part[key] for key in _WIDTH if isinstance(part.get(key), int)), 1)
        # not the tokenizer is at fault if the vocabulary is
        products = {"vocab_size": width} | dict.fromkeys(_LAYERS, width * width)
        for key, weights in products.items():
            value = part.get(key)
            if isinstance(value, int) and value * weights > 8 * stored > 0:
                raise UserError(
                    f"{file}: {key} {shortened(value)} and width {shortened(width)} are more "
                    f"weights than the checkpoint has ({stored:,} bytes). One of the files is that "
                    f"of another model. {_AGAIN}"
                )


def _family(kind: object) -> Any:
    """Return the configuration class of a ``model_type``; None if transformers has none."""
    names = importlib.import_module("transformers.models.auto.configuration_auto")
    known = isinstance(kind, str) and kind in names.CONFIG_MAPPING_NAMES
    return names.CONFIG_MAPPING[kind] if known else None


def _require_no_default_sizes(file: Path, config: Mapping[str, Any]) -> None:
    """Raise a UserError if a size is missing that the family of the model has a default for."""
    kind = config.get("model_type")
    # other types have a message of their own
    if (family := _family(kind)) is None:
        return
    known = inspect.signature(family.__init__).parameters
    for spellings in _NEEDED:
        own = [key for key in spellings if key in known]
        if own and not any(config.get(key) is not None for key in spellings):
            raise UserError(
                f"{file}: no {own[0]}, which a model of the type {kind} needs. {_AGAIN}"
            )
    # a model of text and pictures has its sizes in parts
    if "text_config" in family.sub_configs and not isinstance(config.get("text_config"), dict):
        raise UserError(f"{file}: no text_config, which {kind} needs. {_AGAIN}")


def _require_plain_numbers(file: Path, config: Mapping[str, Any]) -> None:
    """Raise a UserError for a size that is no positive whole number, and for infinite values."""
    for key in _SIZES:
        value = config.get(key, 1)
        if value is None or isinstance(value, list | dict):
            # of composed models, or one size per layer
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UserError(f"{file}: {key} is {shortened(value)}, not a number from 1. {_AGAIN}")
    # DeBERTa has no types of tokens
    types = config.get("type_vocab_size")
    if isinstance(types, int) and types < 0:
        raise UserError(f"{file}: type_vocab_size is {types}. {_AGAIN}")
    for key, value in config.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError(f"{file}: {key} is {value}. {_AGAIN}")
