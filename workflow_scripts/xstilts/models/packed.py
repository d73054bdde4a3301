"""BERT and XLM-R without padding: packed tokens, attention in groups of equal length.

Shapes: B sequences, T tokens with padding, N tokens without, D width.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from xstilts.errors import UserError
from xstilts.models.bert import BertEncoder
from xstilts.models.families import BERT_TYPES

Groups = list[tuple[int, int]]
"""(sequences, tokens of each), in the order of the packed tokens."""


def use_packing(encoder: Any) -> None:
    """Make an encoder train without padding; outputs and gradients are equal up to rounding.

    Dropout draws other masks than with padding.

    Raises:
        UserError: the encoder has another architecture.
    """
    if not isinstance(encoder, BertEncoder):
        raise UserError(
            f"padding_free: only {', '.join(BERT_TYPES)} can be trained without padding, "
            f"found model_type {encoder.config.model_type}. Leave it out for this model."
        )
    encoder.packed = packed_states


def packed_states(
    encoder: BertEncoder,
    ids_BT: torch.Tensor,
    mask_BT: torch.Tensor,
    types_BT: torch.Tensor | None,
) -> torch.Tensor:
    """Return the last hidden states, B x T x D, zero at padding, which must be on the right."""
    index_N, columns_N, groups = _packing(mask_BT)
    types_N = None if types_BT is None else types_BT.flatten()[index_N]
    positions_N = columns_N + encoder.config.first_position
    embedded_N = encoder.embeddings.embed(ids_BT.flatten()[index_N], positions_N, types_N)
    hidden_ND = encoder.project(embedded_N)
    for layer in encoder.layers:
        hidden_ND = encoder.run_layer(partial(_layer, layer, groups), hidden_ND)
    padded = hidden_ND.new_zeros(mask_BT.numel(), hidden_ND.shape[-1])
    return padded.index_copy(0, index_N, hidden_ND).view(*mask_BT.shape, -1)


def _packing(mask_BT: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, Groups]:
    """Return flat index in B x T and column of each real token, and groups; shortest first."""
    lengths_B = mask_BT.sum(dim=1)
    order_B = torch.argsort(lengths_B, stable=True)
    rows_N, columns_N = mask_BT[order_B].nonzero(as_tuple=True)
    index_N = order_B[rows_N] * mask_BT.shape[1] + columns_N
    lengths, counts = torch.unique_consecutive(lengths_B[order_B], return_counts=True)
    return index_N, columns_N, list(zip(counts.tolist(), lengths.tolist(), strict=True))


def _layer(layer: Any, groups: Groups, hidden_ND: torch.Tensor) -> torch.Tensor:
    attention = layer.attention["self"]
    sizes = [count * length for count, length in groups]
    parts = [part.split(sizes) for part in attention.project(hidden_ND)]
    attended = [
        attention.attend(*(part.view(count, length, -1) for part in group)).flatten(0, 1)
        for (count, length), *group in zip(groups, *parts, strict=True)
    ]
    result: torch.Tensor = layer.feed_forward(torch.cat(attended), hidden_ND)
    return result
