"""DeBERTa-v2 of transformers, scoring only the relative positions that occur in a batch.

Disentangled attention scores each token against a table of relative positions (2 x 256 in
mDeBERTa-v3), and then takes the scores of the positions of the other tokens. transformers computes
all scores; T tokens need 2 T - 1 at most, which for most sentences is a small part. Outputs and
gradients are the same up to rounding.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


def use_occurring_positions(model: Any) -> None:
    """Make a ``DebertaV2Model`` score only the relative positions that occur."""
    encoder = model.encoder
    if not encoder.relative_attention:
        return
    every_position, every_row = encoder.get_rel_pos, encoder.get_rel_embedding
    reach = 0

    def positions(*args: Any, **options: Any) -> torch.Tensor:
        nonlocal reach
        found: torch.Tensor = every_position(*args, **options)
        # the farthest: of the last token, relative to the first
        reach = int(found[0, -1, 0]) + 1
        return found

    def rows() -> torch.Tensor:
        table: torch.Tensor = every_row()
        middle = len(table) // 2
        return table[max(0, middle - reach) : middle + reach]

    encoder.get_rel_pos, encoder.get_rel_embedding = positions, rows
    for layer in encoder.layer:
        attention = layer.attention.self
        scores = attention.disentangled_attention_bias
        attention.disentangled_attention_bias = partial(_scores, attention, scores)


def _scores(
    attention: Any,
    scores: Callable[..., torch.Tensor],
    query: torch.Tensor,
    key: torch.Tensor,
    positions: torch.Tensor,
    rows: torch.Tensor,
    factor: int,
) -> torch.Tensor:
    """Return the scores of positions, with the middle of a table of any size as position 0."""
    attention.pos_ebd_size = len(rows) // 2
    return scores(query, key, positions, rows, factor)
