"""Ranked predictions of each query's nearest candidates, several of which may be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xstilts.prediction.embeddings import EmbeddingPredictor
from xstilts.prediction.neighbours import nearest
from xstilts.prediction.schemas import PREDICTION_SCHEMAS

if TYPE_CHECKING:
    from xstilts.prediction.base import BasePredictor

RANKS = 20
"""Number of candidates kept per query: the cut-off of these tasks' metrics."""


class Predictor(EmbeddingPredictor):
    """Collects the head's vectors, or without a head those of the layer at ``options.depth``."""

    COLUMNS = ("id", "side", "matches")

    def take_over(self, previous: BasePredictor) -> npt.NDArray[np.bool_]:
        """Copy the candidates' vectors of another language with the same pool of candidates."""
        assert isinstance(previous, Predictor)
        return self._embeddings.take_over(previous._embeddings)

    def finish(self, data: pa.Table) -> pa.Table:
        """Return one row per layer and query: its nearest candidates by cosine, nearest first.

        Raises:
            UserError: a side is empty.
        """
        queries, candidates = self._embeddings.pair()
        names = data.column("id").to_numpy(zero_copy_only=False)
        gold = data.column("matches").take(queries).to_pylist()
        schema = PREDICTION_SCHEMAS["ranking"]
        tables = []
        for layer in self._embeddings.layers:
            best_QK, scores_QK = nearest(
                self._embeddings.vectors(layer, queries),
                self._embeddings.vectors(layer, candidates),
                RANKS,
            )
            columns = [
                names[queries].tolist(),
                np.full(len(queries), layer, np.int16),
                gold,
                [names[row].tolist() for row in candidates[best_QK]],
                list(scores_QK),
            ]
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            tables.append(pa.table(arrays, schema=schema))
        return pa.concat_tables(tables)
