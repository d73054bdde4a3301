"""A model on disk that is its parent's weights and adapters: what is there, and how it is read.

The files are those of ``peft`` (``PeftModel.from_pretrained`` reads them, over the parent's
encoder), and ``parent.json``, which says where the parent is. Reading them needs no peft: an
adapter of a linear layer with weight W is the two small matrices of W + alpha / rank x B A.
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
"""Before a layer's name, in peft's files."""


def is_adapter(folder: Path) -> bool:
    """Whether a model folder holds adapters, and not weights of its own."""
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
    """Write adapters; equal ones give equal bytes.

    Args:
        weights: ``LAYER.lora_A.weight`` and ``LAYER.lora_B.weight``.
        config: in the terms of peft's ``LoraConfig``.
        folder: gets the files.
        parent: folder of the model that they belong to.
        home: folder where the files will lie in the end; the parent is named from there.
        quantise: how the parent's weights were kept in training; None for fp32.
    """
    with atomic_path(folder / WEIGHTS) as temporary:
        plain = {f"{_PREFIX}{name}": tensor for name, tensor in weights.items()}
        save_file(plain, temporary, metadata={"format": "pt"})
    write_json(folder / CONFIG, dict(config))
    entry = {"folder": Path(os.path.relpath(parent, home)).as_posix(), "quantise": quantise}
    write_json(folder / PARENT, {**entry, "content": _content(parent)})


def parent_of(folder: Path) -> tuple[Path, str | None]:
    """The model that adapters belong to, and how its weights were kept in training.

    Raises:
        UserError: it is gone, or another one than the adapters were trained on.
    """
    entry = read_json(folder / PARENT)
    parent = folder / entry["folder"]
    # the names in a report should be short
    parent = Path(os.path.normpath(parent))
    if not parent.is_dir():
        raise UserError(
            f"{folder}: these are adapters of the model in {parent}, which is not there. Make it "
            "again, or train this stage with `lora: {merge: true}`, which needs no parent."
        )
    if _content(parent) != entry["content"]:
        raise UserError(
            f"{folder}: these adapters were trained on another model than the one that is now in "
            f"{parent}. Delete {folder} to train them again."
        )
    return parent, entry["quantise"]


def read_adapter(folder: Path) -> dict[str, torch.Tensor]:
    """The adapters' matrices, as :func:`write_adapter` took them."""
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
            # GPT-2's kind of linear layer keeps its matrix the other way round
            matrix += added.T if type(layers[name]).__name__ == "Conv1D" else added


def _content(parent: Path) -> str | None:
    """What identifies a model: its manifest's content; None for a folder without a manifest."""
    file = parent / "manifest.json"
    return read_manifest(file).content if file.is_file() else None
