"""Head for the classification of texts and pairs of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from xstilts.models.head import UnitHead
from xstilts.models.pool import pooled

if TYPE_CHECKING:
    from collections.abc import Mapping


class Head(UnitHead):
    """RoBERTa's classification head: dense, tanh and output layer on the pooled hidden state.

    Shapes: B sequences, T tokens, D width, C classes.
    """

    scalar_targets = ("label",)

    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        super().__init__(hidden_size, num_labels, vocab_size, dropout)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_size, num_labels)

    def forward(self, hidden_BTD: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
        """Return logits, B x C."""
        sequence_BD = self.dropout(pooled(hidden_BTD, mask_BT, self.pool))
        return self.output(self.dropout(torch.tanh(self.dense(sequence_BD))))

    def losses(self, hidden_BTD: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the cross-entropy of each sequence."""
        logits_BC = self(hidden_BTD, targets["attention_mask"]).float()
        return F.cross_entropy(
            logits_BC, targets["label"], reduction="none", label_smoothing=self.label_smoothing
        )
