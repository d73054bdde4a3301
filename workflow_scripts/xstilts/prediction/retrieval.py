"""Predictions of each query's nearest candidate, at every layer of the encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xstilts.prediction.embeddings import EmbeddingPredictor
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.prediction.similarity import best_match


class Predictor(EmbeddingPredictor):
    """Collects the sentence vectors of all hidden states from one forward pass."""

    COLUMNS = ("id", "side", "matches")

    def finish(self, data: pa.Table) -> pa.Table:
        """Return one row per layer (0 = embeddings) and query: its most similar candidate.

        Raises:
            UserError: a side is empty.
        """
        queries, candidates = self._embeddings.pair()
        names = data.column("id").to_numpy(zero_copy_only=False)
        gold = data.column("matches").take(queries).to_pylist()
        if self._options.direction == "xx-en":
            queries, candidates, gold = _reversed(names, queries, candidates, gold)
        schema = PREDICTION_SCHEMAS["retrieval"]
        tables = []
        for layer in self._embeddings.layers:
            best, scores = best_match(
                self._embeddings.vectors(layer, queries),
                self._embeddings.vectors(layer, candidates),
                self._options.similarity,
                self._options.neighbourhood,
            )
            columns = [
                names[queries].tolist(),
                np.full(len(queries), layer, np.int16),
                gold,
                names[candidates[best]].tolist(),
                scores,
            ]
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            tables.append(pa.table(arrays, schema=schema))
        self._embeddings.close()
        return pa.concat_tables(tables)


def _reversed(
    names: npt.NDArray[np.object_],
    queries: npt.NDArray[np.int64],
    candidates: npt.NDArray[np.int64],
    gold: Sequence[Sequence[str]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[list[str]]]:
    """Swap the sides: matched candidates become the queries, all queries become candidates."""
    matches: dict[str, list[str]] = {}
    for query, right in zip(names[queries], gold, strict=True):
        for candidate in right:
            matches.setdefault(candidate, []).append(query)
    asked = np.array([row for row in candidates if names[row] in matches], np.int64)
    return asked, queries, [matches[names[row]] for row in asked]
