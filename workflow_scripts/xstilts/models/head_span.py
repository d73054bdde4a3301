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
        start = self._loss_of(logits_BT2[..., 0], targets["start"])
        end = self._loss_of(logits_BT2[..., 1], targets["end"])
        return (start + end) / 2, len(logits_BT2)

    def _loss_of(self, logits_BT: torch.Tensor, target_B: torch.Tensor) -> torch.Tensor:
        """Sum of the cross-entropies; smoothing is over a window's own pieces, not its padding."""
        loss = F.cross_entropy(logits_BT, target_B, reduction="sum")
        if not self.label_smoothing:
            return loss
        real_BT = ~torch.isneginf(logits_BT)
        logs_BT = F.log_softmax(logits_BT, dim=-1).masked_fill(~real_BT, 0.0)
        even = -(logs_BT.sum(dim=-1) / real_BT.sum(dim=-1)).sum()
        return (1 - self.label_smoothing) * loss + self.label_smoothing * even
