"""Predictions of each query's nearest candidate, at every layer of the encoder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from xstilts.errors import UserError
from xstilts.prediction.schemas import PREDICTION_SCHEMAS

if TYPE_CHECKING:
    from xstilts.prediction.options import PredictOptions
    from xstilts.tokens.store import TokenTable

COLUMNS = ("id", "side", "matches")
LISTS = ()
EVERY_LAYER = True
BLOCK_BYTES = 256 << 20
"""Memory for a block of similarities: queries are compared with all candidates in blocks."""


class Predictor:
    """Collects the sentence vectors of all hidden states from one forward pass.

    Shapes: B sentences, T pieces, D width, L hidden states, Q queries, C candidates.
    """

    def __init__(self, table: TokenTable, labels: Sequence[str], options: PredictOptions) -> None:
        self._pooling = options.pooling
        self._special = torch.tensor(table.metadata["special_ids"])
        self._examples = table.column("example")
        self._side = np.zeros(len(table), np.int8)
        self._side[self._examples] = table.column("side")
        # on disk: every layer of a large mining set does not fit in memory
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (lives until finish)
        self._vectors_LND: np.memmap[tuple[int, int, int], np.dtype[np.float32]] | None = None

    def add(
        self,
        rows: npt.NDArray[np.int64],
        tensors: Mapping[str, torch.Tensor],
        hidden: Sequence[torch.Tensor],
        head: None,
    ) -> None:
        """Take in the sentences ``rows``."""
        weights_BT = self._weights(tensors)
        if self._vectors_LND is None:
            shape = (len(hidden), len(self._side), hidden[0].shape[-1])
            self._vectors_LND = np.memmap(self._file, np.float32, "w+", shape=shape)
        for layer, hidden_BTD in enumerate(hidden):
            pooled_BD = torch.einsum("bt,btd->bd", weights_BT, hidden_BTD.float())
            unit_BD = torch.nn.functional.normalize(pooled_BD, dim=-1)
            self._vectors_LND[layer, self._examples[rows]] = unit_BD.cpu().numpy()

    def _weights(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """What each piece counts in its sentence's vector; they add up to 1."""
        mask_BT = tensors["attention_mask"].float()
        if self._pooling == "cls":
            mask_BT = torch.zeros_like(mask_BT)
            mask_BT[:, 0] = 1
        elif self._pooling == "mean_no_special":
            special = self._special.to(mask_BT.device)
            content_BT = mask_BT * ~torch.isin(tensors["input_ids"], special)
            # a sentence of special pieces only still gets a vector
            empty_B1 = content_BT.sum(dim=1, keepdim=True) == 0
            mask_BT = torch.where(empty_B1, mask_BT, content_BT)
        return mask_BT / mask_BT.sum(dim=1, keepdim=True)

    def finish(self, data: pa.Table) -> pa.Table:
        """One row per layer (0 = embeddings) and query: its nearest candidate by cosine.

        Raises:
            UserError: a side is empty.
        """
        queries, candidates = np.flatnonzero(self._side == 1), np.flatnonzero(self._side == 0)
        if self._vectors_LND is None or not len(queries) or not len(candidates):
            raise UserError(
                f"{len(queries)} queries and {len(candidates)} candidates: retrieval needs both. "
                "Check the side column of the data."
            )
        names = data.column("id").to_numpy(zero_copy_only=False)
        gold = data.column("matches").take(queries).to_pylist()
        tables = []
        for layer, vectors_ND in enumerate(self._vectors_LND):
            best, scores = _nearest(vectors_ND[queries], vectors_ND[candidates])
            columns = [
                names[queries].tolist(),
                np.full(len(queries), layer, np.int16),
                gold,
                names[candidates[best]].tolist(),
                scores,
            ]
            schema = PREDICTION_SCHEMAS["retrieval"]
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            tables.append(pa.table(arrays, schema=schema))
        self._file.close()
        return pa.concat_tables(tables)


def _nearest(
    queries_QD: npt.NDArray[np.float32], candidates_CD: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Position and cosine of each query's best candidate; of equals, the first."""
    best, scores = [], []
    for similarities_BC in _similarities(queries_QD, candidates_CD):
        best.append(similarities_BC.argmax(axis=1))
        scores.append(similarities_BC.max(axis=1))
    return np.concatenate(best), np.concatenate(scores)


def _similarities(
    queries_QD: npt.NDArray[np.float32], candidates_CD: npt.NDArray[np.float32]
) -> Iterator[npt.NDArray[np.float32]]:
    """Cosines of blocks of queries with all candidates."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    right_DC = torch.from_numpy(candidates_CD).to(device).T
    size = max(1, BLOCK_BYTES // (4 * len(candidates_CD)))
    for start in range(0, len(queries_QD), size):
        left_BD = torch.from_numpy(queries_QD[start : start + size]).to(device)
        yield (left_BD @ right_DC).cpu().numpy()
