"""Predictions for multiple choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xstilts.errors import UserError
from xstilts.prediction.base import BasePredictor
from xstilts.prediction.schemas import PREDICTION_SCHEMAS

if TYPE_CHECKING:
    import torch

    from xstilts.models.head_multiple_choice import Head
    from xstilts.prediction.options import PredictOptions
    from xstilts.tokens.store import TokenTable


class Predictor(BasePredictor):
    """Collects the score of each choice; an example's choices may be added in any order."""

    COLUMNS = ("id", "choices", "label")

    def __init__(self, table: TokenTable, labels: Sequence[str], options: PredictOptions) -> None:
        self._examples = table.column("example")
        self._scores = np.zeros(len(table), np.float32)

    def add(
        self,
        rows: npt.NDArray[np.int64],
        tensors: Mapping[str, torch.Tensor],
        hidden: Sequence[torch.Tensor],
        head: Head,
    ) -> None:
        """Add the outputs for the sequences ``rows``."""
        self._scores[rows] = head(hidden[-1], tensors["attention_mask"]).float().cpu().numpy()

    def finish(self, data: pa.Table) -> pa.Table:
        """Return id, gold choice and predicted choice (from 0), and each choice's probability.

        Raises:
            UserError: the tokens were made from other data.
        """
        counts = np.bincount(self._examples, minlength=data.num_rows)
        names = data.column("id").to_pylist()
        for name, choices, count in zip(names, data.column("choices"), counts, strict=True):
            if len(choices) != count:
                raise UserError(
                    f"example {name!r}: {len(choices)} choices in the data, {count} in the "
                    "tokens. Make the tokens again from this data."
                )
        scores = np.split(self._scores, np.cumsum(counts)[:-1])
        probabilities = [_softmax(of_choices) for of_choices in scores]
        columns = [
            names,
            data.column("label"),
            pa.array([int(shares.argmax()) for shares in probabilities], pa.int32()),
            pa.array(probabilities, pa.list_(pa.float32())),
        ]
        return pa.table(columns, schema=PREDICTION_SCHEMAS["multiple_choice"])


def _softmax(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    shares = np.exp(scores - scores.max())
    return shares / shares.sum()
