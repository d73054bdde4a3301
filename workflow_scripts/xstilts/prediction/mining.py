"""Mining of translation pairs from two sets of sentences, most of which have no translation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xstilts.prediction.embeddings import EmbeddingPredictor
from xstilts.prediction.neighbours import Vectors, nearest
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.prediction.similarity import margins

PARTS = {"evaluated": (1, 0), "tuning": (3, 2)}
"""Part of a data set to the sides of its queries and candidates (``xstilts.tokens.mining``)."""


class Side(NamedTuple):
    """The distinct sentences of one side."""

    first_N: npt.NDArray[np.int64]
    """Row of the first occurrence of each text in the data."""
    ids: list[list[str]]
    """The ids that a mined text is expanded to."""


class Predictor(EmbeddingPredictor):
    """Collects the sentence vectors of the layer at ``options.depth``."""

    COLUMNS = ("id", "side", "text", "matches")

    def finish(self, data: pa.Table) -> pa.Table:
        """Return one row per layer, part and mined pair, and one per query with gold but no pair.

        The part "tuning" is present if the data has it.

        Raises:
            UserError: a side is empty.
        """
        rows: list[dict[str, object]] = []
        for part, (query, candidate) in PARTS.items():
            if part == "tuning" and not len(self._embeddings.rows(query)):
                continue
            queries, candidates = self._embeddings.pair(query, candidate)
            left, right = self._side(data, queries), self._side(data, candidates)
            names = data.column("id").take(queries).to_pylist()
            gold = dict(zip(names, data.column("matches").take(queries).to_pylist(), strict=True))
            for layer in self._embeddings.layers:
                pairs = mine(
                    self._embeddings.vectors(layer, left.first_N),
                    self._embeddings.vectors(layer, right.first_N),
                    self._options.neighbourhood,
                )
                rows += _rows(part, layer, gold, pairs, left, right)
        self._embeddings.close()
        return pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMAS["mining"])

    def _side(self, data: pa.Table, rows: npt.NDArray[np.int64]) -> Side:
        texts = data.column("text").take(rows).to_pylist()
        names = data.column("id").take(rows).to_pylist()
        return unified(texts, names, rows, keep_repeated=self._options.keep_repeated)


def unified(
    texts: Sequence[str],
    names: Sequence[str],
    rows: npt.NDArray[np.int64],
    *,
    keep_repeated: bool,
) -> Side:
    """Merge sentences with equal texts.

    XTREME's script (``read_sent2id``) drops pairs with a text that has several ids, comparing texts
    without surrounding white space; jiant keeps the pair for each of these ids.

    Args:
        texts: sentences of one side.
        names: their ids.
        rows: their rows of the data.
        keep_repeated: keep the ids of repeated texts, as jiant does.
    """
    first: dict[str, int] = {}
    ids: dict[str, list[str]] = {}
    for row, text, name in zip(rows.tolist(), texts, names, strict=True):
        first.setdefault(text, row)
        ids.setdefault(text.strip(), []).append(name)
    found = [ids[text.strip()] for text in first]
    if not keep_repeated:
        found = [these if len(these) == 1 else [] for these in found]
    return Side(np.array(list(first.values()), np.int64), found)


def mine(left_ND: Vectors, right_MD: Vectors, neighbourhood: int) -> list[tuple[int, int, float]]:
    """Return (left, right, score) of one-to-one pairs, the best first.

    Candidates are each sentence's best neighbour by ratio margin, in both directions; pairs are
    taken greedily by score if neither side is taken yet. Ties go to pairs found from the left, then
    to the first.

    Args:
        left_ND: unit vectors of distinct sentences.
        right_MD: unit vectors of distinct sentences.
        neighbourhood: number of nearest neighbours; the best is chosen among them, and their mean
            cosine normalises the margin.

    Source: google-research/xtreme ``utils_retrieve.py`` (``mine_bitext`` with ``retrieval="max"``,
    ``margin="ratio"``, ``threshold=0``).
    """
    forward, cosines = nearest(left_ND, right_MD, neighbourhood)
    backward, cosines_back = nearest(right_MD, left_ND, neighbourhood)
    mean_N = cosines.mean(axis=1, dtype=np.float32)
    mean_M = cosines_back.mean(axis=1, dtype=np.float32)
    scores = margins(cosines, mean_N[:, None], mean_M[forward])
    scores_back = margins(cosines_back, mean_M[:, None], mean_N[backward])
    lefts, rights = np.arange(len(left_ND)), np.arange(len(right_MD))
    left = np.concatenate([lefts, backward[rights, scores_back.argmax(axis=1)]])
    right = np.concatenate([forward[lefts, scores.argmax(axis=1)], rights])
    best = np.concatenate([scores.max(axis=1), scores_back.max(axis=1)])
    order = np.argsort(-best, kind="stable")
    pairs, taken_left, taken_right = [], set(), set()
    for i, j, score in zip(
        left[order].tolist(), right[order].tolist(), best[order].tolist(), strict=True
    ):
        if i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            if score > 0:
                pairs.append((i, j, score))
    return pairs


def _rows(
    part: str,
    layer: int,
    gold: Mapping[str, list[str]],
    pairs: Sequence[tuple[int, int, float]],
    left: Side,
    right: Side,
) -> Iterator[dict[str, object]]:
    """Rows of the predictions; a pair of texts is expanded to all pairs of their ids."""
    found = set()
    for i, j, score in pairs:
        for query in left.ids[i]:
            for candidate in right.ids[j]:
                found.add(query)
                yield _row(part, layer, query, gold[query], candidate, score)
    for query, matches in gold.items():
        if matches and query not in found:
            yield _row(part, layer, query, matches, None, None)


def _row(
    part: str,
    layer: int,
    query: str,
    gold: list[str],
    candidate: str | None,
    score: float | None,
) -> dict[str, object]:
    return {
        "id": query,
        "part": part,
        "layer": layer,
        "gold": gold,
        "prediction": candidate,
        "score": score,
    }
