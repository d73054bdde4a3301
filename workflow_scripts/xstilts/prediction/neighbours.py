"""Exact nearest neighbours by inner product, in blocks that fit in a fixed amount of memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from xstilts.device import device_of

BUDGET_BYTES = 256 << 20
"""Memory for a block of similarities, the largest allocation."""
BLOCK_CANDIDATES = 1 << 14
"""Maximum number of candidates in a block; wider blocks are slower on CPUs."""

_MAX_BETTER = 8
"""If a row has more than this many times ``count`` better candidates, top-k replaces the filter."""

Vectors = npt.NDArray[np.float32]
_Found = tuple[torch.Tensor, torch.Tensor]


def nearest(
    queries_QD: Vectors,
    candidates_CD: Vectors,
    count: int,
    *,
    penalties_C: Vectors | None = None,
    budget_bytes: int = BUDGET_BYTES,
) -> tuple[npt.NDArray[np.int64], Vectors]:
    """Return the nearest candidates of each query, nearest first; ties are broken by position.

    The search is exhaustive. Besides the vectors, which may be memory-mapped (each candidate is
    read once), it needs ``budget_bytes``, about as much again for the search within a block, the
    vectors of a block, and the result.

    Shapes: Q queries, C candidates, D width, K = min(count, C) neighbours.

    Args:
        queries_QD: vectors; unit vectors make the inner product the cosine.
        candidates_CD: vectors.
        count: number of neighbours.
        penalties_C: subtracted from the similarities of each candidate.
        budget_bytes: memory for a block of similarities.

    Returns:
        Positions among the candidates and similarities, each Q x K.
    """
    device = device_of()
    count = min(count, len(candidates_CD))
    width = min(BLOCK_CANDIDATES, len(candidates_CD), max(1, budget_bytes // 4))
    height = max(1, budget_bytes // (4 * width))
    positions_QK = torch.zeros(len(queries_QD), 0, dtype=torch.int64, device=device)
    scores_QK = torch.zeros(len(queries_QD), 0, device=device)
    for first in range(0, len(candidates_CD), width):
        block_CD = _on(device, candidates_CD[first : first + width])
        found = []
        for start in range(0, len(queries_QD), height):
            rows = slice(start, start + height)
            similarities = _on(device, queries_QD[rows]) @ block_CD.T
            if penalties_C is not None:
                similarities -= _on(device, penalties_C[first : first + width])
            known = positions_QK[rows], scores_QK[rows]
            found.append(_merged(known, similarities, first, count))
        positions_QK = torch.cat([part[0] for part in found])
        scores_QK = torch.cat([part[1] for part in found])
    return positions_QK.cpu().numpy(), scores_QK.cpu().numpy()


def _merged(known: _Found, similarities: torch.Tensor, first: int, count: int) -> _Found:
    """Merge the best so far with a block whose first candidate has the position ``first``."""
    positions, scores = _better(known[1], similarities, count)
    # a stable sort keeps candidates of earlier blocks before equal ones
    scores, order = torch.cat([known[1], scores], 1).sort(dim=1, descending=True, stable=True)
    positions = torch.cat([known[0], positions + first], 1).gather(1, order)
    return positions[:, :count], scores[:, :count]


def _better(known_QK: torch.Tensor, similarities: torch.Tensor, count: int) -> _Found:
    """Candidates of a block that may be among the best, in order per row, padded with -inf.

    Once a query has ``count`` neighbours, few candidates of a block are better than its last one:
    a comparison scans the block once, top-k several times.
    """
    if known_QK.shape[1] < count:
        return _best(similarities, count)
    better = similarities > known_QK[:, -1:]
    per_row = better.sum(dim=1)
    most = int(per_row.max()) if len(per_row) else 0
    if most > _MAX_BETTER * count:
        return _best(similarities, count)
    rows, positions = better.nonzero(as_tuple=True)
    columns = torch.arange(len(rows), device=rows.device) - (per_row.cumsum(0) - per_row)[rows]
    shape = (len(similarities), most)
    found = torch.zeros(shape, dtype=torch.int64, device=rows.device)
    values = torch.full(shape, -torch.inf, device=rows.device)
    found[rows, columns] = positions
    values[rows, columns] = similarities[rows, positions]
    return found, values


def _on(device: torch.device, array: Vectors) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)


def _best(similarities: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions and values of each row's largest, in descending order; ties by position."""
    count = min(count, similarities.shape[1])
    further = min(count + 1, similarities.shape[1])
    values, positions = similarities.topk(further, dim=1)
    # topk breaks ties arbitrarily: sort the rows with a tie across the cut-off
    tied = torch.zeros(len(values), dtype=torch.bool, device=values.device)
    if further > count:
        tied = values[:, count - 1] == values[:, count]
    positions, values = positions[:, :count], values[:, :count]
    if tied.any():
        ordered, order = similarities[tied].sort(dim=1, descending=True, stable=True)
        positions[tied], values[tied] = order[:, :count], ordered[:, :count]
    positions, order = positions.sort(dim=1)
    values, order = values.gather(1, order).sort(dim=1, descending=True, stable=True)
    return positions.gather(1, order), values
