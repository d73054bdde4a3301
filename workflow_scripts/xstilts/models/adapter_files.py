"""Adapters on disk: reading and writing a model that consists of its parent and LoRA weights.

The files are those of ``peft`` (``PeftModel.from_pretrained`` loads them onto the parent's
encoder), and ``parent.json`` with the path of the parent. Reading them does not need peft: the
adapter of a linear layer with weight W is a pair of matrices A, B: W + alpha / rank x B A.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from xstilts.errors import UserError
from xstilts.files import atomic_path, read_json, write_json
from xstilts.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

WEIGHTS, CONFIG, PARENT = "adapter_model.safetensors", "adapter_config.json", "parent.json"
_PREFIX = "base_model.model."
"""Prefix of layer names in peft's files."""


def is_adapter(folder: Path) -> bool:
    """Return True if a model folder holds adapters instead of full weights."""
    return (folder / PARENT).is_file()


def write_adapter(
    weights: Mapping[str, torch.Tensor],
    config: Mapping[str, Any],
    folder: Path,
    *,
    parent: Path,
    home: Path,
    quantise: str | None,
) -> None:
    """Write adapters; equal adapters give equal bytes.

    Args:
        weights: ``LAYER.lora_A.weight`` and ``LAYER.lora_B.weight``.
        config: fields of peft's ``LoraConfig``.
        folder: folder to write to.
        parent: folder of the model that they belong to.
        home: the final folder of the files; the parent's path is relative to it.
        quantise: quantisation of the parent's weights in training; None for fp32.
    """
    with atomic_path(folder / WEIGHTS) as temporary:
        plain = {f"{_PREFIX}{name}": tensor for name, tensor in weights.items()}
        save_file(plain, temporary, metadata={"format": "pt"})
    write_json(folder / CONFIG, dict(config))
    entry = {"folder": Path(os.path.relpath(parent, home)).as_posix(), "quantise": quantise}
    write_json(folder / PARENT, {**entry, "content": _content(parent)})


def parent_of(folder: Path) -> tuple[Path, str | None]:
    """Return the folder of the adapters' parent, and the quantisation of its weights in training.

    Raises:
        UserError: the parent is missing, or is not the model that the adapters were trained on.
    """
    entry = read_json(folder / PARENT)
    parent = folder / entry["folder"]
    # without "..", for readable messages
    parent = Path(os.path.normpath(parent))
    if not parent.is_dir():
        raise UserError(
            f"{folder}: these are adapters of the model in {parent}, which does not exist. Make it "
            "again, or train this stage with `lora: {merge: true}`, which needs no parent."
        )
    if _content(parent) != entry["content"]:
        raise UserError(
            f"{folder}: the model in {parent} is not the one that these adapters were trained on. "
            f"Delete {folder} to train them again."
        )
    return parent, entry["quantise"]


def read_adapter(folder: Path) -> dict[str, torch.Tensor]:
    """Return the adapters' matrices, named as in :func:`write_adapter`."""
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        return {key.removeprefix(_PREFIX): file.get_tensor(key) for key in file.keys()}  # noqa: SIM118


def merge_adapter(encoder: nn.Module, folder: Path) -> None:
    """Add the adapters of a folder to the weights of their parent's encoder.

    Raises:
        UserError: the encoder has no such layer.
    """
    config, weights = read_json(folder / CONFIG), read_adapter(folder)
    scale = config["lora_alpha"] / config["r"]
    ends = (".lora_A.weight", ".lora_B.weight")
    layers = dict(encoder.named_modules())
    with torch.no_grad():
        for name in (key.removesuffix(ends[0]) for key in weights if key.endswith(ends[0])):
            if name not in layers:
                raise UserError(
                    f"{folder}: an adapter for {name!r}, which its parent's model does not have. "
                    "Delete the folder to train it again."
                )
            added = weights[name + ends[1]] @ weights[name + ends[0]] * scale
            matrix: Any = layers[name].weight
            # transformers' Conv1D (GPT-2) stores its matrix transposed
            matrix += added.T if type(layers[name]).__name__ == "Conv1D" else added


def _content(parent: Path) -> str | None:
    """Return the content digest of a model; None for a folder without a manifest."""
    file = parent / "manifest.json"
    return read_manifest(file).content if file.is_file() else None
