"""Predictions of one tag per word."""

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

    from xstilts.models.head_tagging import Head
    from xstilts.prediction.options import PredictOptions
    from xstilts.tokens.store import TokenTable


class Predictor(BasePredictor):
    """Collects the tag of each word's first token, over all segments of a sentence."""

    COLUMNS = ("id", "tags")

    def __init__(self, table: TokenTable, labels: Sequence[str], options: PredictOptions) -> None:
        self._labels = list(labels)
        self._examples = table.column("example")
        self._word_starts = table.list_column("word_starts")
        self._tags: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)] * len(table)

    def add(
        self,
        rows: npt.NDArray[np.int64],
        tensors: Mapping[str, torch.Tensor],
        hidden: Sequence[torch.Tensor],
        head: Head,
    ) -> None:
        """Add the outputs for the segments ``rows``."""
        best_BT = head(hidden[-1]).argmax(dim=-1).cpu().numpy()
        for row, best_T in zip(rows, best_BT, strict=True):
            self._tags[row] = best_T[self._word_starts.row(row)]

    def finish(self, data: pa.Table) -> pa.Table:
        """Return id, gold tags and predicted tags: one per word, even in split sentences.

        Raises:
            UserError: the tokens were made from other data.
        """
        predictions: list[list[str]] = [[] for _ in range(data.num_rows)]
        for example, tags in zip(self._examples, self._tags, strict=True):
            predictions[example] += [self._labels[tag] for tag in tags]
        gold = data.column("tags").to_pylist()
        names = data.column("id").to_pylist()
        for name, right, predicted in zip(names, gold, predictions, strict=True):
            if len(right) != len(predicted):
                raise UserError(
                    f"example {name!r}: {len(right)} words in the data, {len(predicted)} in the "
                    "tokens. Make the tokens again from this data."
                )
        return pa.table([names, gold, predictions], schema=PREDICTION_SCHEMAS["tagging"])
