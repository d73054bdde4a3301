"""How alike two sentence vectors are, when some vectors are near to everything.

Cosines favour such hubs; both corrections below set a cosine against the mean cosine to the nearest
sentences of the other side.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from xstilts.prediction.neighbours import Vectors, nearest

Similarity = Literal["cosine", "csls", "margin"]


def mean_of_nearest(vectors_ND: Vectors, others_MD: Vectors, count: int) -> Vectors:
    """Mean cosine of each vector to its nearest ones among the others."""
    _, similarities = nearest(vectors_ND, others_MD, count)
    return similarities.mean(axis=1).astype(np.float32)


def margins(cosines: Vectors, mean_left: Vectors, mean_right: Vectors) -> Vectors:
    """The ratio margin: cosine over the mean of both sides' mean cosines, element by element.

    Source: Artetxe and Schwenk 2019, "Margin-based Parallel Corpus Mining";
    google-research/xtreme ``utils_retrieve.py`` (``score`` with ``margin="ratio"``).
    """
    return cosines / ((mean_left + mean_right) / np.float32(2))


def best_match(
    queries_QD: Vectors, candidates_CD: Vectors, similarity: Similarity, neighbourhood: int
) -> tuple[npt.NDArray[np.int64], Vectors]:
    """Position and similarity of each query's best candidate; of equals, the first.

    * cosine;
    * csls: 2 cos(x, y) - r(x) - r(y) over all candidates, r being the mean cosine to the nearest
      ones (Conneau et al. 2018, "Word Translation without Parallel Data");
    * margin: the ratio margin over the query's nearest candidates (``mine_bitext`` of
      ``utils_retrieve.py`` with ``mode="search"``).

    Args:
        queries_QD: vectors of length 1.
        candidates_CD: vectors of length 1.
        similarity: one of the above.
        neighbourhood: number of nearest sentences that correct a cosine.
    """
    if similarity == "cosine":
        positions, scores = nearest(queries_QD, candidates_CD, 1)
        return positions[:, 0], scores[:, 0]
    mean_C = mean_of_nearest(candidates_CD, queries_QD, neighbourhood)
    near_QK, cosines_QK = nearest(queries_QD, candidates_CD, neighbourhood)
    mean_Q = cosines_QK.mean(axis=1, dtype=np.float32)
    if similarity == "csls":
        positions, scores = nearest(
            queries_QD, candidates_CD, 1, handicaps_C=mean_C / np.float32(2)
        )
        return positions[:, 0], 2 * scores[:, 0] - mean_Q
    scores_QK = margins(cosines_QK, mean_Q[:, None], mean_C[near_QK])
    # ties are broken by position as elsewhere: the nearest ones of equal cosine stand in order
    best_Q = scores_QK.argmax(axis=1)
    rows_Q = np.arange(len(best_Q))
    return near_QK[rows_Q, best_Q], scores_QK[rows_Q, best_Q]
