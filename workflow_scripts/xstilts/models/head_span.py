"""Head for the answer's first and last piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from xstilts.models.head import BaseHead

if TYPE_CHECKING:
    from collections.abc import Mapping


class Head(BaseHead):
    """A linear layer that scores each piece as the answer's first and as its last.

    Shapes: B sequences, T pieces, D width.
    """

    scalar_targets = ("start", "end")

    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        super().__init__(hidden_size, num_labels, vocab_size, dropout)
        self.output = nn.Linear(hidden_size, 2)

    def forward(self, hidden_BTD: torch.Tensor) -> torch.Tensor:
        """Logits of start and end, B x T x 2."""
        return self.output(hidden_BTD)

    def loss(
        self,
        hidden_BTD: torch.Tensor,
        targets: Mapping[str, torch.Tensor],
        embeddings_VD: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Sum over the windows of the mean cross-entropy of start and end, and their number."""
        # padding takes part in the softmax otherwise, and the loss would depend on the split
        logits_BT2 = self(hidden_BTD).float()
        outside_BT1 = ~targets["attention_mask"].bool().unsqueeze(-1)
        logits_BT2 = logits_BT2.masked_fill(outside_BT1, -torch.inf)
        start = F.cross_entropy(logits_BT2[..., 0], targets["start"], reduction="sum")
        end = F.cross_entropy(logits_BT2[..., 1], targets["end"], reduction="sum")
        return (start + end) / 2, len(logits_BT2)
