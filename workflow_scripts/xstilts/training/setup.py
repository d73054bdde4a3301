"""The model of a stage: the parent's encoder, and a head per task."""

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
    require_tied_sizes,
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
    """An encoder with the heads, and adapters if any, that a stage trains."""

    encoder: Any
    heads: dict[str, BaseHead]
    """Task to head."""
    origins: dict[str, str]
    """Task to origin of its head: ``fresh``, ``parent:NAME`` or ``checkpoint``."""
    adapters: Adapters | None = None
    """Adapters in the encoder, whose own weights are frozen then."""
    vocabulary: PrunedVocabulary | None = None
    """The full token embeddings, if the vocabulary is pruned."""

    def modules(self) -> Iterator[nn.Module]:
        """Yield the encoder, then the heads in their order."""
        yield self.encoder
        yield from self.heads.values()

    def trainable(self) -> Iterator[nn.Parameter]:
        """Yield the trained parameters: all, or adapters and heads."""
        for module in self.modules():
            yield from (parameter for parameter in module.parameters() if parameter.requires_grad)

    def state(self) -> dict[str, Any]:
        """Return the state dicts of all weights that are not frozen, by reference."""
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
        decay: float,
    ) -> None:
        """Write the finished model; adapters are merged, or written alone.

        Args:
            folder: folder to write to.
            specs: kind and labels of each task's head.
            parent: the parent's folder, or the architecture of a new encoder.
            home: the final folder of the files.
            decay: factor of weight decay on a weight without gradients.
        """
        if self.vocabulary:
            self.vocabulary.restore(decay)
            self.vocabulary = None
        if self.adapters and self.adapters.lora.merge:
            self.adapters.merge()
            self.adapters = None
        if self.adapters:
            assert isinstance(parent, Path), "adapters belong to a parent model on disk"
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
    """Build encoder and heads as of step 0, in training mode on the device.

    Args:
        start: the parent's folder, or the architecture of a new encoder.
        specs: kind and labels of each task's head.
        vocab_size: vocabulary size of the tokenizer, and of a new encoder.
        token_ids: all ids that the encoder will be given, for vocabulary pruning; None for no
            pruning.
        recipe: says whether a matching head of the parent is continued, and whether adapters are
            trained. The head of masked language modelling is always continued: with the embeddings
            that it is tied to, it is part of the base model.
        seed: seed of fresh weights.
        device: device to train on.
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
    if any(head.predicts_tokens for head in heads.values()):
        require_tied_sizes(encoder)
    model = StageModel(encoder, heads, origins)
    if recipe.lora:
        from xstilts.models.adapters import Adapters, quantise

        torch.manual_seed(derived_seed(seed, "adapters"))
        if recipe.lora.quantise:
            quantise(encoder, recipe.lora.quantise)
        model.adapters = Adapters(encoder, recipe.lora)
    if token_ids is not None and not any(head.predicts_tokens for head in heads.values()):
        model.vocabulary = prune_vocabulary(encoder, token_ids)
    for module in model.modules():
        module.to(device).train()
    return model


def _head(
    name: str, spec: HeadSpec, config: Any, parent: Path | None, keep_head: bool
) -> tuple[BaseHead, str]:
    """Return a task's head and its origin."""
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
