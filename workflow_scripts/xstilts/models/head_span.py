"""Head for extractive question answering: the answer's first and last token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from xstilts.models.head import UnitHead

if TYPE_CHECKING:
    from collections.abc import Mapping


class Head(UnitHead):
    """A linear layer with two scores per token: to be the answer's first, and its last token.

    Shapes: B sequences, T tokens, D width.
    """

    scalar_targets = ("start", "end")

    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        super().__init__(hidden_size, num_labels, vocab_size, dropout)
        self.output = nn.Linear(hidden_size, 2)

    def forward(self, hidden_BTD: torch.Tensor) -> torch.Tensor:
        """Return logits of start and end, B x T x 2."""
        return self.output(hidden_BTD)

    def losses(self, hidden_BTD: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the mean cross-entropy of start and end of each window."""
        # without padding in the softmax, the loss does not depend on the split into micro-batches
        logits_BT2 = self(hidden_BTD).float()
        outside_BT1 = ~targets["attention_mask"].bool().unsqueeze(-1)
        logits_BT2 = logits_BT2.masked_fill(outside_BT1, -torch.inf)
        start_B = self._losses_of(logits_BT2[..., 0], targets["start"])
        end_B = self._losses_of(logits_BT2[..., 1], targets["end"])
        return (start_B + end_B) / 2

    def _losses_of(self, logits_BT: torch.Tensor, target_B: torch.Tensor) -> torch.Tensor:
        """Return cross-entropies; smoothing is over a window's own tokens, without padding."""
        losses_B = F.cross_entropy(logits_BT, target_B, reduction="none")
        if not self.label_smoothing:
            return losses_B
        real_BT = ~torch.isneginf(logits_BT)
        logs_BT = F.log_softmax(logits_BT, dim=-1).masked_fill(~real_BT, 0.0)
        even_B = -logs_BT.sum(dim=-1) / real_BT.sum(dim=-1)
        return (1 - self.label_smoothing) * losses_B + self.label_smoothing * even_B
