"""Vocabulary pruning: training only the token embeddings of tokens that occur in the data.

The embedding of any other token gets no gradient. Its moments stay zero, and AdamW only multiplies
it at each step by one minus learning rate times weight decay. Such rows are therefore pruned from
the encoder, and multiplied once at the end, by the product over the steps. Gradients, moments,
saved states and all-reduces are then as large as the tokens in use, which in an English training
set are a small part of XLM-R's 250,002. The published model has the full vocabulary.

Shapes: V tokens of the vocabulary, R trained rows, D width.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from xstilts.training.pruning import is_worthwhile

if TYPE_CHECKING:
    from xstilts.models.checkpoint import PreTrainedModel
    from xstilts.tokens.store import TokenTable

TokenIds = npt.NDArray[np.int64]
"""Sorted ids."""

PRUNED_ID = "pruned_id"
"""Buffer of an embedding: token id to trained row, -1 for pruned tokens; it is not saved."""


def used_token_ids(tables: Iterable[TokenTable]) -> TokenIds:
    """Return the tokens that occur in token files of one tokenizer, and padding."""
    found: TokenIds = np.zeros(0, np.int64)
    for table in tables:
        seen = np.zeros(table.metadata["vocab_size"], bool)
        seen[table.metadata["pad_id"]] = True
        for values in table.list_column("input_ids").parts():
            seen[values] = True
        found = np.union1d(found, np.flatnonzero(seen))
    return found


@dataclass
class PrunedVocabulary:
    """The full token embeddings of an encoder whose vocabulary is pruned."""

    modules: list[nn.Embedding]
    """The modules with this matrix; several where an architecture ties them."""
    full_VD: torch.Tensor
    """In main memory; if mapped from a file, it takes none until it is changed."""
    token_ids_R: torch.Tensor
    """Ids of the trained rows."""
    padding: int | None
    """The modules' ``padding_idx`` in the full vocabulary."""
    hooks: list[Any]

    @torch.no_grad()
    def restore(self, decay: float) -> None:
        """Give the encoder its full vocabulary again.

        Args:
            decay: factor of weight decay on pruned rows.
        """
        if decay != 1.0:
            self.full_VD.mul_(decay)
        self.full_VD[self.token_ids_R] = self.modules[0].weight.to(self.full_VD.device)
        for module, hook in zip(self.modules, self.hooks, strict=True):
            hook.remove()
            delattr(module, PRUNED_ID)
        _set_weight(self.modules, self.full_VD, self.padding)


@torch.no_grad()
def prune_vocabulary(encoder: PreTrainedModel, token_ids: TokenIds) -> PrunedVocabulary | None:
    """Prune an encoder's token embeddings to the given tokens; its inputs do not change.

    A hook of the embedding module maps token ids to rows, so that padding and positions, which
    encoders derive from ids, stay the same. A pruned token raises an index error.

    Args:
        encoder: an encoder in main memory, before its optimiser is made.
        token_ids: all ids that it will be given.

    Returns:
        The full vocabulary, to restore later. None, with the encoder unchanged, if the matrix is
        frozen or shared with other than embedding modules, or if pruning is not worthwhile.
    """
    matrix = encoder.get_input_embeddings().weight
    modules = [m for m in encoder.modules() if getattr(m, "weight", None) is matrix]
    if not matrix.requires_grad or not all(isinstance(m, nn.Embedding) for m in modules):
        return None
    padding = modules[0].padding_idx
    if padding is not None:
        token_ids = np.union1d(token_ids, padding)
    count, width = matrix.shape
    if not is_worthwhile(len(token_ids), count, width):
        return None
    token_ids_R = torch.from_numpy(token_ids)
    pruned_id_V = torch.full((count,), -1)
    pruned_id_V[token_ids_R] = torch.arange(len(token_ids))
    hooks = []
    for module in modules:
        module.register_buffer(PRUNED_ID, pruned_id_V, persistent=False)
        hooks.append(module.register_forward_pre_hook(_to_pruned_ids))
    _set_weight(
        modules, matrix[token_ids_R], None if padding is None else int(pruned_id_V[padding])
    )
    return PrunedVocabulary(modules, matrix.detach(), token_ids_R, padding, hooks)


def _to_pruned_ids(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Map the token ids of an embedding's inputs to trained rows."""
    return (getattr(module, PRUNED_ID)[inputs[0]], *inputs[1:])


def _set_weight(modules: list[nn.Embedding], rows: torch.Tensor, padding: int | None) -> None:
    """Make ``rows`` the weight of all modules."""
    weight = nn.Parameter(rows)
    for module in modules:
        module.weight, module.num_embeddings, module.padding_idx = weight, len(rows), padding
