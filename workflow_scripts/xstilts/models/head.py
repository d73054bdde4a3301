"""What every head on the shared encoder is and does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from xstilts.models.pool import Pool


class BaseHead(nn.Module, ABC):
    """Base of the heads, one module ``head_KIND`` per kind of task.

    Shapes: B sequences, T tokens, D width, V vocabulary.
    """

    scalar_targets: ClassVar[tuple[str, ...]] = ()
    """Columns of the token file that the loss needs, one number per sequence."""
    list_targets: ClassVar[tuple[str, ...]] = ()
    """Columns of the token file that the loss needs, one number per token."""

    whole_examples: ClassVar[bool] = False
    """Whether the loss is over all sequences of an example: they then pass through the model side
    by side, and a scalar target is examples x sequences of each."""

    pairs: ClassVar[bool] = False
    """Whether a unit is a query with its right candidate, and the loss of each query is over the
    candidates of the whole batch: ``training.pairs`` then draws the units, and
    ``training.cached_gradient`` splits the batch into passes."""

    predicts_tokens: ClassVar[bool] = False
    """Whether the loss is over the whole vocabulary, by the matrix of input embeddings."""

    pool: Pool = "first"
    """Which token stands for a sequence; set by ``models.heads`` to suit the encoder."""
    label_smoothing: float = 0.0
    """Share of the target's probability that goes to all classes alike; set by the loop."""

    @abstractmethod
    def __init__(self, hidden_size: int, num_labels: int, vocab_size: int, dropout: float) -> None:
        """Layers without a state of their own beyond torch's current seed."""
        super().__init__()

    @abstractmethod
    def loss(
        self,
        hidden_BTD: torch.Tensor,
        targets: Mapping[str, torch.Tensor],
        embeddings_VD: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Loss of a part of a batch as a *sum*, and over how many units.

        The loop divides by the units of the whole batch, so that how a batch is split does not
        change the gradient.

        Args:
            hidden_BTD: last hidden states.
            targets: ``attention_mask`` and the columns that the head names.
            embeddings_VD: matrix of input embeddings.
        """


class UnitHead(BaseHead):
    """Base of the heads whose loss is a sum over units, each with a loss of its own."""

    @abstractmethod
    def losses(self, hidden_BTD: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Loss of each unit of a part of a batch.

        Without smoothing it is minus the logarithm of the probability of the right answer.

        Args:
            hidden_BTD: last hidden states.
            targets: ``attention_mask`` and the columns that the head names.
        """

    def loss(
        self,
        hidden_BTD: torch.Tensor,
        targets: Mapping[str, torch.Tensor],
        embeddings_VD: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Sum of the units' losses, and their number."""
        losses_B = self.losses(hidden_BTD, targets)
        return losses_B.sum(), len(losses_B)
