"""Head for masked language modelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from xstilts.models.head import BaseHead

if TYPE_CHECKING:
    from collections.abc import Mapping


class Head(BaseHead):
    """XLM-R's language-modelling head; its output layer is tied to the input embeddings.

    Shapes: B sequences, T tokens, D width, V vocabulary, M masked tokens.
    """

    list_targets = ("labels",)
    predicts_tokens = True

    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        super().__init__(hidden_size, num_labels, vocab_size, dropout)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.layer_norm = nn.LayerNorm(hidden_size, eps=1e-5)
        self.bias = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, hidden_MD: torch.Tensor, embeddings_VD: torch.Tensor) -> torch.Tensor:
        """Return logits, M x V."""
        features_MD = self.layer_norm(F.gelu(self.dense(hidden_MD)))
        return F.linear(features_MD, embeddings_VD, self.bias)

    def loss(
        self,
        hidden_BTD: torch.Tensor,
        targets: Mapping[str, torch.Tensor],
        embeddings_VD: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Return the summed cross-entropy of a micro-batch's masked tokens, and their number.

        Logits are computed for masked tokens only, since each has as many as the vocabulary.
        """
        labels_BT = targets["labels"]
        masked_BT = labels_BT != -100
        labels_M = labels_BT[masked_BT]
        logits_MV = self(hidden_BTD[masked_BT], embeddings_VD).float()
        return F.cross_entropy(logits_MV, labels_M, reduction="sum"), len(labels_M)
