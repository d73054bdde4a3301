"""Stages that are stored as adapters, as a folder that ``peft`` loads onto their parent's model."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from xstilts.export.heads import BASE
from xstilts.export.model import build
from xstilts.files import atomic_path, read_json, write_json
from xstilts.models.adapter_files import CONFIG, WEIGHTS, read_adapter
from xstilts.models.encoder import load_encoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xstilts.export.model import Converted
    from xstilts.export.trained import Trained
    from xstilts.export.usage import Parent

_PREFIX = "base_model.model."
"""Prefix of all names in peft's files."""


def write_peft(
    trained: Trained, converted: Converted, source: Path, out: Path, *, parent: Parent
) -> None:
    """Write adapters and head with the names that they have in the class of transformers.

    Args:
        trained: the model, adapters merged.
        converted: its counterpart of transformers, which names the layers.
        source: folder of the stage.
        out: folder to write to.
        parent: the model that they belong to.
    """
    start = f"{converted.base}." if converted.base else ""
    weights = {f"{_PREFIX}{start}{name}": tensor for name, tensor in read_adapter(source).items()}
    heads = head_weights(trained, converted)
    weights |= {f"{_PREFIX}{name}": tensor for name, tensor in heads.items()}
    with atomic_path(out / WEIGHTS) as temporary:
        save_file(weights, temporary, metadata={"format": "pt"})
    config = read_json(source / CONFIG)
    modules = sorted({_saved_module(name, converted.base) for name in heads})
    write_json(
        out / CONFIG,
        {
            **config,
            "target_modules": [f"{start}{name}" for name in config["target_modules"]],
            "task_type": converted.head.peft,
            "base_model_name_or_path": parent.name,
            "revision": parent.revision,
            # GPT-2 stores its matrices transposed
            "fan_in_fan_out": _is_transposed(trained, config["target_modules"]),
            "inference_mode": True,
            **({"modules_to_save": modules} if modules else {}),
        },
    )
    # the labels of the head, which the parent's configuration does not have
    converted.model.config.save_pretrained(out)


def _saved_module(weight: str, base: str) -> str:
    """Return the module with a weight of the head that peft stores whole.

    peft itself adds the modules ``classifier`` and ``score`` of some types of tasks, which must not
    contain others that are stored.
    """
    first = weight.partition(".")[0]
    return weight.rpartition(".")[0] if first == base else first


def head_weights(trained: Trained, converted: Converted) -> dict[str, torch.Tensor]:
    """Return the weights of the head by their names in the class of transformers."""
    if not (converted.kind and trained.head):
        return {}
    names = converted.layout.layers.values()
    layers = {name.replace(BASE, converted.base) for name in names}
    return {
        name: tensor.contiguous()
        for name, tensor in converted.model.state_dict().items()
        if name.rpartition(".")[0] in layers
    }


def can_hold(converted: Converted) -> bool:
    """Return True if peft can store the head: all of its weights belong to layers."""
    modules = dict(converted.model.named_modules())
    return all(
        name.replace(BASE, converted.base) in modules for name in converted.layout.layers.values()
    )


def loaded_by_peft(trained: Trained, converted: Converted, parent: Parent, out: Path) -> Any:
    """Return the model of a written folder, as its users load it.

    Args:
        trained: the model, adapters merged.
        converted: its counterpart of transformers.
        parent: the model that the adapters belong to; its folder in the study is used if users get
            it from a repository.
        out: the written folder.
    """
    import peft

    if Path(parent.name).is_dir():
        config = type(converted.model.config).from_pretrained(out, local_files_only=True)
        model = type(converted.model).from_pretrained(
            parent.name, config=config, local_files_only=True
        )
    else:
        head = copy.deepcopy(trained.head)
        onto = dataclasses.replace(trained, encoder=load_encoder(parent.folder).eval(), head=head)
        built = build(onto, converted.head, converted.layout, with_head=bool(converted.kind))
        assert built is not None, "the parent has the layers of its adapters"
        model = built[0]
        # another head, which the written one replaces
        for name in head_weights(onto, converted):
            torch.nn.init.zeros_(model.get_parameter(name))
    return peft.PeftModel.from_pretrained(model, str(out)).eval()


def _is_transposed(trained: Trained, layers: Iterable[str]) -> bool:
    modules = dict(trained.encoder.named_modules())
    return any(type(modules[name]).__name__ == "Conv1D" for name in layers)
