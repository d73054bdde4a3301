"""The interface of all predictors, and the lookup of a kind's predictor."""

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
    """True if :meth:`add` needs the hidden states of all layers, not only of the last."""

    @abc.abstractmethod
    def __init__(self, table: TokenTable, labels: Sequence[str], options: PredictOptions) -> None:
        """Start a file.

        Args:
            table: its tokens.
            labels: the head's labels, in class order.
            options: settings of prediction.
        """

    def take_over(self, previous: BasePredictor) -> npt.NDArray[np.bool_] | None:
        """Copy results that the predictor of another file of the same task has already computed.

        Returns:
            A mask of the sequences that need no forward pass; None for kinds that share nothing.
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
        """Add the outputs for a micro-batch.

        Args:
            rows: its sequences, as rows of the table.
            tensors: the micro-batch, padded.
            hidden: hidden states in fp32, of all layers or of the last.
            head: None for kinds without one.
        """

    @abc.abstractmethod
    def finish(self, data: pa.Table) -> pa.Table:
        """Return the predictions, in the schema of the kind.

        Args:
            data: the examples, with the columns ``COLUMNS``.

        Raises:
            UserError: the tokens were not made from these examples.
        """


def predictor_of(kind: str) -> type[BasePredictor]:
    """Return the predictor class of a kind, defined in ``xstilts.prediction.KIND``."""
    found: type[BasePredictor] = load("prediction", kind).Predictor
    return found
