"""Heads on the shared encoder: initialise, save, load, and continue the parent's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from xstilts.errors import UserError, unknown
from xstilts.features import load
from xstilts.files import atomic_path, read_json, write_json
from xstilts.models.pool import pool_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xstilts.models.head import BaseHead

WEIGHTS = "heads.safetensors"
INDEX = "heads.json"

# names in checkpoints of XLMRobertaForMaskedLM and RobertaForMaskedLM, to names here
_HUB_MLM = {
    "lm_head.dense.weight": "dense.weight",
    "lm_head.dense.bias": "dense.bias",
    "lm_head.layer_norm.weight": "layer_norm.weight",
    "lm_head.layer_norm.bias": "layer_norm.bias",
    "lm_head.bias": "bias",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadSpec:
    """Kind and labels of a head; heads with equal specs are interchangeable."""

    kind: str
    """classification, span, tagging, multiple_choice, ranking or mlm."""
    labels: tuple[str, ...] = ()
    """Label names in class order."""


def head_class(kind: str) -> type[BaseHead]:
    """Return the class of the heads of a kind."""
    head: type[BaseHead] = load("head", kind).Head
    return head


def new_head(spec: HeadSpec, config: Any) -> BaseHead:
    """Return a fresh head for an encoder configuration, random from torch's current seed."""
    head = head_class(spec.kind)(
        config.hidden_size, len(spec.labels), config.vocab_size, _dropout_of(config)
    )
    head.pool = pool_of(config)
    std = getattr(config, "initializer_range", 0.02)
    for layer in head.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)
    return head


def require_tied_sizes(encoder: Any) -> None:
    """Raise a UserError unless a head can predict tokens with the encoder's token embeddings."""
    size, width = encoder.get_input_embeddings().weight.shape[1], encoder.config.hidden_size
    if size != width:
        raise UserError(
            f"mlm, tlm: token embeddings of this {encoder.config.model_type} model have size "
            f"{size}, its hidden states {width}; masked language modelling needs equal sizes. "
            "Leave these stages out for this base."
        )


def _dropout_of(config: Any) -> float:
    """Return the dropout of heads: the classifier's, else that of hidden states in the family."""
    names = ("classifier_dropout", "hidden_dropout_prob", "hidden_dropout", "dropout_rate")
    found = (getattr(config, name, None) for name in (*names, "dropout"))
    return next((float(rate) for rate in found if rate is not None), 0.0)


def read_index(folder: Path) -> dict[str, HeadSpec]:
    """Return name to spec of the heads in a model folder; empty for a bare encoder."""
    if not (folder / INDEX).is_file():
        return {}
    return {
        name: HeadSpec(kind=entry["kind"], labels=tuple(entry["labels"]))
        for name, entry in read_json(folder / INDEX).items()
    }


def save_heads(heads: Mapping[str, nn.Module], specs: Mapping[str, HeadSpec], folder: Path) -> None:
    """Write all heads of a stage; equal weights give equal bytes."""
    weights = {
        f"{name}.{key}": tensor.detach().to("cpu").contiguous()
        for name, head in heads.items()
        for key, tensor in head.state_dict().items()
    }
    with atomic_path(folder / WEIGHTS) as temporary:
        save_file(weights, temporary)
    index = {name: {"kind": specs[name].kind, "labels": list(specs[name].labels)} for name in heads}
    write_json(folder / INDEX, index)


def load_head(folder: Path, name: str, config: Any) -> BaseHead:
    """Load the head ``name`` of a model folder.

    Raises:
        UserError: no such head exists, or its weights are incomplete; lists the existing heads.
    """
    specs = read_index(folder)
    if name not in specs:
        raise unknown("head", name, specs, f"{folder / INDEX}")
    head = new_head(specs[name], config)
    prefix = f"{name}."
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        weights = {
            key.removeprefix(prefix): file.get_tensor(key)
            for key in file.keys()  # noqa: SIM118 (not a dict)
            if key.startswith(prefix)
        }
    try:
        head.load_state_dict(weights)
    except RuntimeError as error:
        raise UserError(f"{folder / WEIGHTS}: head {name!r} is incomplete ({error}).") from None
    return head


def parent_head(folder: Path, name: str, spec: HeadSpec) -> str | None:
    """Return the name of the parent's head to continue for a task.

    Kind and labels must be equal; a head with the task's name comes first. None if no head fits, or
    if several do and none has the name.
    """
    fitting = [other for other, found in read_index(folder).items() if found == spec]
    if name in fitting:
        return name
    return fitting[0] if len(fitting) == 1 else None


def hub_mlm_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return the weights of a published checkpoint's language-modelling head, if it has one."""
    file = folder / "model.safetensors"
    if not file.is_file():
        return {}
    with safe_open(file, framework="pt") as checkpoint:
        names = set(checkpoint.keys())
        if not names.issuperset(_HUB_MLM):
            return {}
        return {ours: checkpoint.get_tensor(theirs) for theirs, ours in _HUB_MLM.items()}
