"""Head for tagging words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from xstilts.models.head import BaseHead

if TYPE_CHECKING:
    from collections.abc import Mapping


class Head(BaseHead):
    """A linear layer over each token; the first token of a word predicts its tag.

    Shapes: B sequences, T tokens, D width, C tags.
    """

    list_targets = ("labels",)

    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        super().__init__(hidden_size, num_labels, vocab_size, dropout)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_size, num_labels)

    def forward(self, hidden_BTD: torch.Tensor) -> torch.Tensor:
        """Return logits, B x T x C."""
        return self.output(self.dropout(hidden_BTD))

    def loss(
        self,
        hidden_BTD: torch.Tensor,
        targets: Mapping[str, torch.Tensor],
        embeddings_VD: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Return the summed cross-entropy of the words of a micro-batch, and their number."""
        logits_NC = self(hidden_BTD).float().flatten(0, 1)
        labels_N = targets["labels"].flatten()
        loss = F.cross_entropy(
            logits_NC,
            labels_N,
            reduction="sum",
            ignore_index=-100,
            label_smoothing=self.label_smoothing,
        )
        return loss, int((labels_N != -100).sum())
