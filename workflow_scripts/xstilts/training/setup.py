"""The modules of a stage before its first step: the parent's encoder, and heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from xstilts.models.encoder import build_encoder, load_encoder
from xstilts.models.heads import HeadSpec, hub_mlm_weights, load_head, new_head, parent_head
from xstilts.training.mixture import derived_seed

if TYPE_CHECKING:
    from xstilts.models.head import BaseHead


@dataclass
class Stage:
    """What a stage trains."""

    encoder: Any
    heads: dict[str, BaseHead]
    """By task."""
    origins: dict[str, str]
    """Per task: ``fresh``, ``parent:NAME`` or ``checkpoint``."""

    def modules(self) -> Iterator[nn.Module]:
        """Encoder, then the heads in their order."""
        yield self.encoder
        yield from self.heads.values()

    def state(self) -> dict[str, Any]:
        """All weights, by reference."""
        heads = {name: head.state_dict() for name, head in self.heads.items()}
        return {"encoder": self.encoder.state_dict(), "heads": heads}


def set_up(
    start: Path | Mapping[str, Any],
    specs: Mapping[str, HeadSpec],
    *,
    vocab_size: int,
    keep_head: bool,
    seed: int,
    device: torch.device,
) -> Stage:
    """Encoder and heads at step 0, in training mode on the device.

    Args:
        start: the parent's folder, or the architecture of a new encoder.
        specs: kind and labels of each task's head.
        vocab_size: of the tokenizer; the size of a new encoder's vocabulary.
        keep_head: whether a fitting head of the parent is continued. The head of masked language
            modelling always is: with the embeddings it is tied to, it is part of the base model.
        seed: decides all that is random.
        device: where to train.
    """
    parent = start if isinstance(start, Path) else None
    torch.manual_seed(derived_seed(seed, "encoder"))
    if isinstance(start, Path):
        encoder = load_encoder(start)
    else:
        encoder = build_encoder({"vocab_size": vocab_size, **start})
    heads: dict[str, BaseHead] = {}
    origins: dict[str, str] = {}
    for name, spec in specs.items():
        torch.manual_seed(derived_seed(seed, "head", name))
        heads[name], origins[name] = _head(name, spec, encoder.config, parent, keep_head)
    stage = Stage(encoder, heads, origins)
    for module in stage.modules():
        module.to(device).train()
    return stage


def _head(
    name: str, spec: HeadSpec, config: Any, parent: Path | None, keep_head: bool
) -> tuple[BaseHead, str]:
    """A task's head and where it comes from."""
    if parent is not None and (keep_head or spec.kind == "mlm"):
        kept = parent_head(parent, name, spec)
        if kept is not None:
            return load_head(parent, kept, config), f"parent:{kept}"
    head = new_head(spec, config)
    if parent is not None and spec.kind == "mlm":
        weights = hub_mlm_weights(parent)
        if weights:
            head.load_state_dict(weights)
            return head, "checkpoint"
    return head, "fresh"
