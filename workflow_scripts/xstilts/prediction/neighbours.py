"""Exact nearest neighbours by inner product, in blocks that fit in a fixed amount of memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

BUDGET_BYTES = 256 << 20
"""Memory for a block of similarities, the largest thing that is made here."""
BLOCK_CANDIDATES = 1 << 14
"""Most candidates in a block; wider blocks are slower on CPUs."""

Vectors = npt.NDArray[np.float32]


def nearest(
    queries_QD: Vectors,
    candidates_CD: Vectors,
    count: int,
    *,
    handicaps_C: Vectors | None = None,
    budget_bytes: int = BUDGET_BYTES,
) -> tuple[npt.NDArray[np.int64], Vectors]:
    """The best candidates of each query, the best first; of equals, the one that comes first.

    The search is exhaustive. Besides the vectors, which may lie on disk (each candidate is read
    once) it needs ``budget_bytes``, about as much again for the search inside a block, the vectors
    of a block, and the result.

    Shapes: Q queries, C candidates, D width, K = min(count, C) neighbours.

    Args:
        queries_QD: vectors, of length 1 if the inner product is to be the cosine.
        candidates_CD: vectors.
        count: neighbours wanted.
        handicaps_C: what is subtracted from the similarities of each candidate.
        budget_bytes: memory for a block of similarities.

    Returns:
        Positions among the candidates and similarities, each Q x K.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    count = min(count, len(candidates_CD))
    width = min(BLOCK_CANDIDATES, len(candidates_CD), max(1, budget_bytes // 4))
    height = max(1, budget_bytes // (4 * width))
    positions_QK = torch.zeros(len(queries_QD), 0, dtype=torch.int64, device=device)
    scores_QK = torch.zeros(len(queries_QD), 0, device=device)
    for first in range(0, len(candidates_CD), width):
        block_CD = _on(device, candidates_CD[first : first + width])
        found = []
        for start in range(0, len(queries_QD), height):
            similarities = _on(device, queries_QD[start : start + height]) @ block_CD.T
            if handicaps_C is not None:
                similarities -= _on(device, handicaps_C[first : first + width])
            found.append(_best(similarities, count))
        positions = torch.cat([part[0] for part in found]) + first
        scores = torch.cat([part[1] for part in found])
        # those of earlier blocks stand first, and keep their place before equals
        scores, order = torch.cat([scores_QK, scores], 1).sort(dim=1, descending=True, stable=True)
        positions = torch.cat([positions_QK, positions], 1).gather(1, order)
        positions_QK, scores_QK = positions[:, :count], scores[:, :count]
    return positions_QK.cpu().numpy(), scores_QK.cpu().numpy()


def _on(device: torch.device, array: Vectors) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)


def _best(similarities: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions and values of the largest in each row, in order; of equals, the first ones."""
    count = min(count, similarities.shape[1])
    further = min(count + 1, similarities.shape[1])
    values, positions = similarities.topk(further, dim=1)
    # topk takes any of several equals: where the last one taken has an equal that was not, sort
    doubtful = torch.zeros(len(values), dtype=torch.bool, device=values.device)
    if further > count:
        doubtful = values[:, count - 1] == values[:, count]
    positions, values = positions[:, :count], values[:, :count]
    if doubtful.any():
        ordered, order = similarities[doubtful].sort(dim=1, descending=True, stable=True)
        positions[doubtful], values[doubtful] = order[:, :count], ordered[:, :count]
    positions, order = positions.sort(dim=1)
    values, order = values.gather(1, order).sort(dim=1, descending=True, stable=True)
    return positions.gather(1, order), values
