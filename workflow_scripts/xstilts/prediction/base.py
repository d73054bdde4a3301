"""What the predictors of all kinds have in common, and the one of a kind."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from xstilts.features import load

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa
    import torch

    from xstilts.prediction.options import PredictOptions
    from xstilts.tokens.store import TokenTable


class BasePredictor(abc.ABC):
    """Collects the outputs of a model for the sequences of one file, in any order."""

    COLUMNS: ClassVar[tuple[str, ...]]
    """Columns of the examples that :meth:`finish` needs."""
    LISTS: ClassVar[tuple[str, ...]] = ()
    """List columns of the tokens, one value per token, that :meth:`add` needs as tensors."""
    EVERY_LAYER: ClassVar[bool] = False
    """Whether :meth:`add` needs the hidden states of all layers, or only those of the last."""

    @abc.abstractmethod
    def __init__(self, table: TokenTable, labels: Sequence[str], options: PredictOptions) -> None:
        """Begin a file.

        Args:
            table: its tokens.
            labels: of the head, in class order.
            options: how outputs become predictions.
        """

    def take_over(self, previous: BasePredictor) -> npt.NDArray[np.bool_] | None:
        """Copy what the predictor of another file of the same task has computed already.

        Returns:
            Which sequences need no forward pass; None if there can be none.
        """
        return None

    @abc.abstractmethod
    def add(
        self,
        rows: npt.NDArray[np.int64],
        tensors: Mapping[str, torch.Tensor],
        hidden: Sequence[torch.Tensor],
        head: Any,
    ) -> None:
        """Take in a batch.

        Args:
            rows: its sequences, as rows of the table.
            tensors: the batch, padded.
            hidden: hidden states in fp32, of all layers or of the last.
            head: None for kinds without one.
        """

    @abc.abstractmethod
    def finish(self, data: pa.Table) -> pa.Table:
        """The predictions, in the schema of the kind.

        Args:
            data: the examples, with the columns ``COLUMNS``.

        Raises:
            UserError: tokens and examples do not belong together.
        """


def predictor_of(kind: str) -> type[BasePredictor]:
    """The predictor of a kind of task, which its module ``xstilts.prediction.KIND`` defines."""
    found: type[BasePredictor] = load("prediction", kind).Predictor
    return found
