"""Class predictions, one per example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from xstilts.prediction.base import BasePredictor
from xstilts.prediction.schemas import PREDICTION_SCHEMAS

if TYPE_CHECKING:
    from xstilts.models.head_classification import Head
    from xstilts.prediction.options import PredictOptions
    from xstilts.tokens.store import TokenTable


class Predictor(BasePredictor):
    """Collects the class probabilities of each example."""

    COLUMNS = ("id", "label")

    def __init__(self, table: TokenTable, labels: Sequence[str], options: PredictOptions) -> None:
        self._labels = np.array(labels)
        self._examples = table.column("example")
        self._probabilities = np.zeros((len(table), len(labels)), np.float32)

    def add(
        self,
        rows: npt.NDArray[np.int64],
        tensors: Mapping[str, torch.Tensor],
        hidden: Sequence[torch.Tensor],
        head: Head,
    ) -> None:
        """Add the outputs for the sequences ``rows``."""
        probabilities_BC = torch.softmax(
            head(hidden[-1], tensors["attention_mask"]).float(), dim=-1
        )
        self._probabilities[self._examples[rows]] = probabilities_BC.cpu().numpy()

    def finish(self, data: pa.Table) -> pa.Table:
        """Return id, gold, prediction and probabilities in the order of the head's labels."""
        best = self._labels[self._probabilities.argmax(axis=1)]
        columns = [
            data.column("id"),
            data.column("label"),
            pa.array(best.tolist(), pa.string()),
            pa.array(list(self._probabilities), pa.list_(pa.float32())),
        ]
        return pa.table(columns, schema=PREDICTION_SCHEMAS["classification"])
