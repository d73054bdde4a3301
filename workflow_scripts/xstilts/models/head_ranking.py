"""Head of a dual encoder: a vector per text, trained with a contrastive loss."""

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
"""Initial factor of cosines before the softmax (the inverse temperature)."""


class Head(BaseHead):
    """The pooled hidden state of a text, through dense and tanh, normalised to unit length.

    Queries and candidates share encoder and head. Each query's loss is the cross-entropy of its
    candidate among all candidates of the batch (in-batch negatives), with cosines times a trained
    scale as logits.

    Shapes: B texts, T tokens, D width, Q queries, C candidates; B = Q + C.

    Source: google-research/xtreme ``third_party/bert.py`` (``BertForRetrieval``), whose dense layer
    is BERT's pooler. Here it is randomly initialised, since the encoder has no pooler. There, two
    queries with the same candidate have it as a negative of each other; here, a candidate occurs
    once in a batch.
    """

    scalar_targets = ("side", "key")
    pairs = True

    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        super().__init__(hidden_size, num_labels, vocab_size, dropout)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.scale = nn.Parameter(torch.tensor([INITIAL_SCALE]))

    def forward(self, hidden_BTD: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
        """Return vectors of unit length, B x D."""
        vectors_BD = torch.tanh(self.dense(pooled(hidden_BTD, mask_BT, self.pool)))
        return F.normalize(vectors_BD.float(), dim=-1)

    def loss(
        self,
        hidden_BTD: torch.Tensor,
        targets: Mapping[str, torch.Tensor],
        embeddings_VD: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Return the loss of a batch that fits into one micro-batch (:meth:`contrastive_loss`)."""
        return self.contrastive_loss(self(hidden_BTD, targets["attention_mask"]), targets)

    def contrastive_loss(
        self, vectors_BD: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> tuple[torch.Tensor, int]:
        """Return the summed cross-entropy of the queries' candidates, and the number of queries.

        Args:
            vectors_BD: vectors of a whole batch, in any order, each candidate once.
            targets: ``side`` (1 for queries) and ``key``, equal for a query and its candidate.
        """
        query_B = targets["side"] == 1
        keys_Q, keys_C = targets["key"][query_B], targets["key"][~query_B]
        right_Q = (keys_Q[:, None] == keys_C).int().argmax(dim=1)
        with torch.autocast(vectors_BD.device.type, enabled=False):
            cosines_QC = vectors_BD[query_B] @ vectors_BD[~query_B].T
        loss = F.cross_entropy(
            cosines_QC * self.scale,
            right_Q,
            reduction="sum",
            label_smoothing=self.label_smoothing,
        )
        return loss, len(right_Q)
