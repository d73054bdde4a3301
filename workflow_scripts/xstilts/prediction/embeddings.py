"""Sentence vectors of a data set, pooled from the hidden states of one forward pass."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from xstilts.errors import UserError
from xstilts.layers import layer_at
from xstilts.prediction.base import BasePredictor

if TYPE_CHECKING:
    from xstilts.prediction.options import PredictOptions
    from xstilts.tokens.store import TokenTable


class Embeddings:
    """Pooled and normalised vectors, of all hidden states or of the one at ``options.depth``.

    Shapes: B sentences, T tokens, D width, L hidden states kept, N sentences in all.
    """

    def __init__(self, table: TokenTable, options: PredictOptions) -> None:
        self._options = options
        self._special = torch.tensor(table.metadata["special_ids"])
        self._ids = table.list_column("input_ids")
        self._examples = table.column("example")
        self._side = np.zeros(len(table), np.int8)
        self._side[self._examples] = table.column("side")
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (lives until close)
        self._vectors_LND: np.memmap[tuple[int, int, int], np.dtype[np.float32]] | None = None
        self.layers: tuple[int, ...] = ()

    def take_over(self, other: Embeddings) -> npt.NDArray[np.bool_]:
        """Copy the candidates' vectors if another language has the same candidates in this order.

        A pool of a million candidates is the same in every language; it is embedded once.

        Returns:
            A mask of the rows of the tokens that need no forward pass.
        """
        known = np.zeros(len(self._examples), np.bool_)
        if other._vectors_LND is None or self._candidates() != other._candidates():
            return known
        self.layers = other.layers
        layers, _, width = other._vectors_LND.shape
        self._vectors_LND = self._on_disk(layers, width)
        for index in range(layers):
            self._vectors_LND[index, self.rows(0)] = other._vectors_LND[index, other.rows(0)]
        known[self._side[self._examples] == 0] = True
        return known

    def _candidates(self) -> str:
        """Digest of the candidates' token ids, in order."""
        digest = hashlib.sha256()
        for row in np.flatnonzero(self._side[self._examples] == 0):
            ids = self._ids.row(int(row))
            digest.update(len(ids).to_bytes(4, "big") + ids.tobytes())
        return digest.hexdigest()

    def _on_disk(self, num_layers: int, width: int) -> Any:
        # the vectors of all layers of a large data set do not fit in memory
        shape = (num_layers, len(self._side), width)
        return np.memmap(self._file, np.float32, "w+", shape=shape)

    def add(
        self,
        rows: npt.NDArray[np.int64],
        tensors: Mapping[str, torch.Tensor],
        hidden: Sequence[torch.Tensor],
    ) -> None:
        """Pool and add the sentences ``rows``."""
        weights_BT = self._weights(tensors)
        depth = self._options.depth
        every = tuple(range(len(hidden)))
        layers = every if depth is None else (layer_at(depth, len(hidden) - 1),)
        found = []
        for layer in layers:
            pooled_BD = torch.einsum("bt,btd->bd", weights_BT, hidden[layer].float())
            found.append(torch.nn.functional.normalize(pooled_BD, dim=-1))
        self.put(rows, layers, found)

    def put(
        self,
        rows: npt.NDArray[np.int64],
        layers: tuple[int, ...],
        vectors: Sequence[torch.Tensor],
    ) -> None:
        """Add normalised vectors of the sentences ``rows``, one tensor [B, D] per layer."""
        if self._vectors_LND is None:
            self.layers = layers
            self._vectors_LND = self._on_disk(len(layers), vectors[0].shape[-1])
        for index, unit_BD in enumerate(vectors):
            self._vectors_LND[index, self._examples[rows]] = unit_BD.float().cpu().numpy()

    def _weights(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Weight of each token in its sentence's vector, [B, T]; each row sums to 1."""
        mask_BT = tensors["attention_mask"].float()
        if self._options.pooling == "cls":
            mask_BT = torch.zeros_like(mask_BT)
            mask_BT[:, 0] = 1
        elif self._options.pooling == "mean_no_special":
            special = self._special.to(mask_BT.device)
            content_BT = mask_BT * ~torch.isin(tensors["input_ids"], special)
            # a sentence of only special tokens still gets a vector
            empty_B1 = content_BT.sum(dim=1, keepdim=True) == 0
            mask_BT = torch.where(empty_B1, mask_BT, content_BT)
        return mask_BT / mask_BT.sum(dim=1, keepdim=True)

    def rows(self, side: int) -> npt.NDArray[np.int64]:
        """Rows of the data that belong to a side, in order."""
        return np.flatnonzero(self._side == side)

    def pair(self, query: int = 1, candidate: int = 0) -> tuple[npt.NDArray[np.int64], ...]:
        """Rows of the queries and of the candidates.

        Raises:
            UserError: a side is empty.
        """
        queries, candidates = self.rows(query), self.rows(candidate)
        if not len(queries) or not len(candidates):
            raise UserError(
                f"{len(queries)} queries and {len(candidates)} candidates: retrieval needs both. "
                "Check the side column of the data."
            )
        return queries, candidates

    def vectors(self, layer: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Vectors of one of ``layers``; a view without a copy if rows are contiguous."""
        assert self._vectors_LND is not None
        vectors_ND = self._vectors_LND[self.layers.index(layer)]
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
            return vectors_ND[rows[0] : rows[-1] + 1]
        return vectors_ND[rows]

    def close(self) -> None:
        """Free the disk space."""
        self._vectors_LND = None
        self._file.close()


class EmbeddingPredictor(BasePredictor):
    """Base class of the predictors that compare sentence vectors."""

    EVERY_LAYER = True

    def __init__(self, table: TokenTable, labels: Sequence[str], options: PredictOptions) -> None:
        self._options = options
        self._embeddings = Embeddings(table, options)

    def add(
        self,
        rows: npt.NDArray[np.int64],
        tensors: Mapping[str, torch.Tensor],
        hidden: Sequence[torch.Tensor],
        head: Any,
    ) -> None:
        """Add the sentences ``rows``: the head's vectors if there is a head, else pooled ones."""
        if head is None:
            self._embeddings.add(rows, tensors, hidden)
        else:
            vectors_BD = head(hidden[-1], tensors["attention_mask"])
            self._embeddings.put(rows, (len(hidden) - 1,), [vectors_BD])
