"""Base classes of the heads on the shared encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from xstilts.models.pool import Pool


class BaseHead(nn.Module, ABC):
    """Base class of the heads; one module ``head_KIND`` per kind of task.

    Shapes: B sequences, T tokens, D width, V vocabulary.
    """

    scalar_targets: ClassVar[tuple[str, ...]] = ()
    """Columns of the token file that the loss needs, one number per sequence."""
    list_targets: ClassVar[tuple[str, ...]] = ()
    """Columns of the token file that the loss needs, one number per token."""

    whole_examples: ClassVar[bool] = False
    """True if the loss is over all sequences of an example. They are then in one micro-batch, and
    a scalar target has the shape examples x sequences per example."""

    pairs: ClassVar[bool] = False
    """True if a unit is a query with its correct candidate, and the loss of each query is over the
    candidates of the whole batch: ``training.pairs`` then samples the units, and
    ``training.cached_gradient`` splits the batch into micro-batches."""

    predicts_tokens: ClassVar[bool] = False
    """True if the loss is over the whole vocabulary, with the matrix of input embeddings."""

    pool: Pool = "first"
    """The token whose hidden state represents a sequence; set by ``models.heads``."""
    label_smoothing: float = 0.0
    """Label smoothing of the loss; set by the training loop."""

    @abstractmethod
    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        """Create the layers, random from torch's current seed."""
        super().__init__()

    @abstractmethod
    def loss(
        self,
        hidden_BTD: torch.Tensor,
        targets: Mapping[str, torch.Tensor],
        embeddings_VD: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Return the loss of a micro-batch as a *sum*, and its number of terms.

        The loop divides by the number of terms of the whole batch, so that the gradient does not
        depend on how the batch is split.

        Args:
            hidden_BTD: last hidden states.
            targets: ``attention_mask`` and the columns of ``scalar_targets`` and ``list_targets``.
            embeddings_VD: matrix of input embeddings.
        """


class UnitHead(BaseHead):
    """Base class of the heads with a loss per unit."""

    @abstractmethod
    def losses(self, hidden_BTD: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the loss of each unit of a micro-batch.

        Without label smoothing, it is minus the log probability of the correct answer.

        Args:
            hidden_BTD: last hidden states.
            targets: ``attention_mask`` and the columns of ``scalar_targets`` and ``list_targets``.
        """

    def loss(
        self,
        hidden_BTD: torch.Tensor,
        targets: Mapping[str, torch.Tensor],
        embeddings_VD: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Return the sum of the units' losses, and their number."""
        losses_B = self.losses(hidden_BTD, targets)
        return losses_B.sum(), len(losses_B)
