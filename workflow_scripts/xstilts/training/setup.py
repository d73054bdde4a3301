"""The modules of a stage before its first step: the parent's encoder, and heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from xstilts.models.encoder import build_encoder, load_encoder, save_encoder
from xstilts.models.heads import (
    HeadSpec,
    hub_mlm_weights,
    load_head,
    new_head,
    parent_head,
    save_heads,
)
from xstilts.training.mixture import derived_seed
from xstilts.training.vocabulary import prune_vocabulary

if TYPE_CHECKING:
    from xstilts.config.recipe import Recipe
    from xstilts.models.adapters import Adapters
    from xstilts.models.head import BaseHead
    from xstilts.training.vocabulary import PrunedVocabulary, TokenIds


@dataclass
class StageModel:
    """What a stage trains."""

    encoder: Any
    heads: dict[str, BaseHead]
    """By task."""
    origins: dict[str, str]
    """Per task: ``fresh``, ``parent:NAME`` or ``checkpoint``."""
    adapters: Adapters | None = None
    """In the encoder, where its own weights are frozen."""
    vocabulary: PrunedVocabulary | None = None
    """All token embeddings, where the encoder has only those that are trained."""

    def modules(self) -> Iterator[nn.Module]:
        """Encoder, then the heads in their order."""
        yield self.encoder
        yield from self.heads.values()

    def trainable(self) -> Iterator[nn.Parameter]:
        """The parameters that are trained: all, or adapters and heads."""
        for module in self.modules():
            yield from (parameter for parameter in module.parameters() if parameter.requires_grad)

    def state(self) -> dict[str, Any]:
        """All weights that are not frozen, by reference."""
        heads = {name: head.state_dict() for name, head in self.heads.items()}
        weights = self.encoder.state_dict()
        if self.adapters:
            trained = {name for name, p in self.encoder.named_parameters() if p.requires_grad}
            weights = {name: weights[name] for name in weights if name in trained}
        return {"encoder": weights, "heads": heads}

    def write(
        self,
        folder: Path,
        specs: Mapping[str, HeadSpec],
        *,
        parent: Path | Mapping[str, Any],
        home: Path,
        left: float,
    ) -> None:
        """Write the finished model; its adapters are added to the weights, or written alone.

        Args:
            folder: gets the files.
            specs: kind and labels of each task's head.
            parent: what the stage started from.
            home: folder where the files will lie in the end.
            left: what weight decay has left of a weight without gradients, as a share.
        """
        if self.vocabulary:
            self.vocabulary.restore(left)
            self.vocabulary = None
        if self.adapters and self.adapters.lora.merge:
            self.adapters.merge()
            self.adapters = None
        if self.adapters:
            assert isinstance(parent, Path), "adapters are of a model that is there"
            self.adapters.write(folder, parent=parent, home=home)
        else:
            save_encoder(self.encoder, folder)
        save_heads(self.heads, specs, folder)


def build_stage_model(
    start: Path | Mapping[str, Any],
    specs: Mapping[str, HeadSpec],
    *,
    vocab_size: int,
    token_ids: TokenIds | None = None,
    recipe: Recipe,
    seed: int,
    device: torch.device,
) -> StageModel:
    """Encoder and heads at step 0, in training mode on the device.

    Args:
        start: the parent's folder, or the architecture of a new encoder.
        specs: kind and labels of each task's head.
        vocab_size: of the tokenizer; the size of a new encoder's vocabulary.
        token_ids: all that the encoder will be given; None if that is not known.
        recipe: says whether a fitting head of the parent is continued, and what is trained. The
            head of masked language modelling is always continued: with the embeddings it is tied
            to, it is part of the base model.
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
        heads[name], origins[name] = _head(name, spec, encoder.config, parent, recipe.keep_head)
    stage = StageModel(encoder, heads, origins)
    if recipe.lora:
        from xstilts.models.adapters import Adapters, quantise

        torch.manual_seed(derived_seed(seed, "adapters"))
        if recipe.lora.quantise:
            quantise(encoder, recipe.lora.quantise)
        stage.adapters = Adapters(encoder, recipe.lora)
    if token_ids is not None and not any(head.predicts_tokens for head in heads.values()):
        stage.vocabulary = prune_vocabulary(encoder, token_ids)
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
