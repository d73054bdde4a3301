"""Head for multiple choice."""

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
    """A score per sequence from its pooled hidden state: dense, tanh, dropout and output layer.

    As transformers' ``RobertaForMultipleChoice``, which google-research/xtreme trains for XCOPA. No
    weight depends on the number of choices, so that tasks with two and three can share a head.

    Shapes: B sequences, T tokens, D width, N examples, C choices; B = N x C.
    """

    scalar_targets = ("label",)
    whole_examples = True

    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        super().__init__(hidden_size, num_labels, vocab_size, dropout)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_size, 1)

    def forward(self, hidden_BTD: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
        """Return scores, B."""
        features_BD = torch.tanh(self.dense(pooled(hidden_BTD, mask_BT, self.pool)))
        return self.output(self.dropout(features_BD)).squeeze(-1)

    def losses(self, hidden_BTD: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the cross-entropy of each example over its choices."""
        label_NC = targets["label"]
        scores_NC = self(hidden_BTD, targets["attention_mask"]).float().view_as(label_NC)
        # every sequence of an example has the same label
        return F.cross_entropy(
            scores_NC, label_NC[:, 0], reduction="none", label_smoothing=self.label_smoothing
        )
