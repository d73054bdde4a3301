"""The rows of the token embeddings that a stage can change: those of tokens that its data have.

A row of any other token gets no gradient. Its moments stay zero, and AdamW multiplies it at each
step by one minus learning rate times weight decay, and that is all. Such rows are therefore kept
aside and multiplied once, by the product over the steps. Gradient, moments, saved states, and what
processes send each other, are then as large as the tokens in use, of which an English training set
has a small part of XLM-R's 250,002.

Shapes: V tokens of the vocabulary, R rows in training, D width.
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
    from xstilts.models.encoder import PreTrainedModel
    from xstilts.tokens.store import TokenTable

TokenIds = npt.NDArray[np.int64]
"""Sorted ids."""

PRUNED_ID = "places"
"""Buffer of an embedding: the row in training of each token; it is not saved."""


def used_token_ids(tables: Iterable[TokenTable]) -> TokenIds:
    """The tokens that occur in token files of one tokenizer, and padding."""
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
    """An encoder's token embeddings in two parts: rows that are trained, and all rows before."""

    modules: list[nn.Embedding]
    """Those that hold the matrix; there are several where an architecture ties them."""
    full_VD: torch.Tensor
    """In main memory; where it was mapped from a file, it takes none until it is changed."""
    token_ids_R: torch.Tensor
    """Ids of the rows that are trained."""
    padding: int | None
    """The modules' ``padding_idx`` over all tokens."""
    hooks: list[Any]

    @torch.no_grad()
    def restore(self, left: float) -> None:
        """Give the encoder all rows again.

        Args:
            left: what weight decay has left of a row that was not trained, as a share.
        """
        if left != 1.0:
            self.full_VD.mul_(left)
        self.full_VD[self.token_ids_R] = self.modules[0].weight.to(self.full_VD.device)
        for module, hook in zip(self.modules, self.hooks, strict=True):
            hook.remove()
            delattr(module, PRUNED_ID)
        _hold(self.modules, self.full_VD, self.padding)


@torch.no_grad()
def prune_vocabulary(encoder: PreTrainedModel, token_ids: TokenIds) -> PrunedVocabulary | None:
    """Leave an encoder the rows of some tokens only; it takes the same ids as before.

    Ids become places in the embedding itself, so that padding and positions, which encoders find
    by id, are as they were. A token without a row is an index error.

    Args:
        encoder: in main memory; not yet known to an optimiser.
        token_ids: those that it will be given.

    Returns:
        What brings the other rows back. None, with the encoder as it was, where the matrix is
        frozen, where something else than embeddings holds it, or where little would be saved.
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
    _hold(modules, matrix[token_ids_R], None if padding is None else int(pruned_id_V[padding]))
    return PrunedVocabulary(modules, matrix.detach(), token_ids_R, padding, hooks)


def _to_pruned_ids(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """An embedding's inputs with the places of its rows in place of ids."""
    return (getattr(module, PRUNED_ID)[inputs[0]], *inputs[1:])


def _hold(modules: list[nn.Embedding], rows: torch.Tensor, padding: int | None) -> None:
    """Make rows the weight of all modules."""
    weight = nn.Parameter(rows)
    for module in modules:
        module.weight, module.num_embeddings, module.padding_idx = weight, len(rows), padding
