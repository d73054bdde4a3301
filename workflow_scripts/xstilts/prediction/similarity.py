"""Similarities of sentence vectors, corrected for hubs: vectors that are close to everything.

Cosines favour hubs; both corrections below relate a cosine to the mean cosine with the nearest
sentences of the other side.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from xstilts.prediction.neighbours import Vectors, nearest

Similarity = Literal["cosine", "csls", "margin"]


def mean_of_nearest(vectors_ND: Vectors, others_MD: Vectors, count: int) -> Vectors:
    """Mean cosine of each vector with its ``count`` nearest vectors among the others."""
    _, similarities = nearest(vectors_ND, others_MD, count)
    return similarities.mean(axis=1).astype(np.float32)


def margins(cosines: Vectors, mean_left: Vectors, mean_right: Vectors) -> Vectors:
    """The ratio margin, elementwise: a cosine divided by the average of both sides' mean cosines.

    Source: Artetxe and Schwenk 2019, "Margin-based Parallel Corpus Mining";
    google-research/xtreme ``utils_retrieve.py`` (``score`` with ``margin="ratio"``).
    """
    return cosines / ((mean_left + mean_right) / np.float32(2))


def best_match(
    queries_QD: Vectors, candidates_CD: Vectors, similarity: Similarity, neighbourhood: int
) -> tuple[npt.NDArray[np.int64], Vectors]:
    """Return position and similarity of each query's best candidate; ties go to the first.

    * cosine;
    * csls: 2 cos(x, y) - r(x) - r(y) over all candidates, r being the mean cosine to the nearest
      ones (Conneau et al. 2018, "Word Translation without Parallel Data");
    * margin: the ratio margin over the query's nearest candidates (``mine_bitext`` of
      ``utils_retrieve.py`` with ``mode="search"``).

    Args:
        queries_QD: unit vectors.
        candidates_CD: unit vectors.
        similarity: one of the above.
        neighbourhood: number of nearest sentences in the correction.
    """
    if similarity == "cosine":
        positions, scores = nearest(queries_QD, candidates_CD, 1)
        return positions[:, 0], scores[:, 0]
    mean_C = mean_of_nearest(candidates_CD, queries_QD, neighbourhood)
    near_QK, cosines_QK = nearest(queries_QD, candidates_CD, neighbourhood)
    mean_Q = cosines_QK.mean(axis=1, dtype=np.float32)
    if similarity == "csls":
        positions, scores = nearest(
            queries_QD, candidates_CD, 1, penalties_C=mean_C / np.float32(2)
        )
        return positions[:, 0], 2 * scores[:, 0] - mean_Q
    scores_QK = margins(cosines_QK, mean_Q[:, None], mean_C[near_QK])
    # argmax breaks ties by position, as elsewhere: neighbours with equal cosines are in order
    best_Q = scores_QK.argmax(axis=1)
    rows_Q = np.arange(len(best_Q))
    return near_QK[rows_Q, best_Q], scores_QK[rows_Q, best_Q]
