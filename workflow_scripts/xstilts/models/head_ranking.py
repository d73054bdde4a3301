"""Head of a dual encoder: one vector per text, near to those of the texts that belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from xstilts.models.head import BaseHead
from xstilts.models.pool import pooled

if TYPE_CHECKING:
    from collections.abc import Mapping

INITIAL_SCALE = 100.0
"""What cosines are multiplied by before the softmax, at the first step."""


class Head(BaseHead):
    """The token that stands for a text, through dense and tanh, at unit length.

    Queries and candidates share encoder and head. Each query's loss is the cross-entropy of its
    candidate among all candidates of the batch, by cosine times a scale that is trained.

    Shapes: B texts, T tokens, D width, Q queries, C candidates; B = Q + C.

    Source: google-research/xtreme ``third_party/bert.py`` (``BertForRetrieval``), whose dense layer
    is BERT's pooler. Here it starts fresh, as a pooler is no part of the encoder. There the
    candidates of two queries about one entity count as each other's wrong answers; here a
    candidate stands once in a batch.
    """

    scalar_targets = ("side", "key")
    pairs = True

    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        super().__init__(hidden_size, num_labels, vocab_size, dropout)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.scale = nn.Parameter(torch.tensor([INITIAL_SCALE]))

    def forward(self, hidden_BTD: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
        """Vectors of unit length, B x D."""
        vectors_BD = torch.tanh(self.dense(pooled(hidden_BTD, mask_BT, self.pool)))
        return F.normalize(vectors_BD.float(), dim=-1)

    def loss(
        self,
        hidden_BTD: torch.Tensor,
        targets: Mapping[str, torch.Tensor],
        embeddings_VD: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Loss of a batch that is one pass, as :meth:`contrast`."""
        return self.contrast(self(hidden_BTD, targets["attention_mask"]), targets)

    def contrast(
        self, vectors_BD: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> tuple[torch.Tensor, int]:
        """Sum over queries of the cross-entropy of their candidates, and the number of queries.

        Args:
            vectors_BD: of a whole batch, in any order, each candidate once.
            targets: ``side`` (1 for queries) and ``key``, equal for a query and its candidate.
        """
        asks_B = targets["side"] == 1
        keys_Q, keys_C = targets["key"][asks_B], targets["key"][~asks_B]
        right_Q = (keys_Q[:, None] == keys_C).int().argmax(dim=1)
        with torch.autocast(vectors_BD.device.type, enabled=False):
            cosines_QC = vectors_BD[asks_B] @ vectors_BD[~asks_B].T
        loss = F.cross_entropy(
            cosines_QC * self.scale,
            right_Q,
            reduction="sum",
            label_smoothing=self.label_smoothing,
        )
        return loss, len(right_Q)
