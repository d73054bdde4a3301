"""Nearest neighbours, corrected similarities and mining against slow references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xstilts.prediction import neighbours
from xstilts.prediction.mining import mine, unified
from xstilts.prediction.neighbours import nearest
from xstilts.prediction.similarity import best_match

if TYPE_CHECKING:
    import torch


def unit(seed: int, count: int, width: int = 8) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def whole(seed: int, count: int) -> np.ndarray:
    """Small whole numbers: many equal similarities, without rounding."""
    return np.random.default_rng(seed).integers(-1, 2, size=(count, 3)).astype(np.float32)


# --- neighbours ---------------------------------------------------------------------------------


def slow_nearest(queries: np.ndarray, candidates: np.ndarray, count: int) -> list[list[int]]:
    """Positions by similarity, then by position."""
    return [
        sorted(range(len(candidates)), key=lambda j: (-float(query @ candidates[j]), j))[:count]
        for query in queries
    ]


@settings(deadline=None)
@given(
    st.integers(0, 99), st.integers(1, 9), st.integers(1, 30), st.integers(1, 12),
    st.integers(1, 200), st.integers(1, 40),
)  # fmt: skip
def test_neighbours_equal_a_slow_reference(
    seed: int, num_queries: int, num_candidates: int, count: int, budget: int, width: int
) -> None:
    queries, candidates = whole(seed, num_queries), whole(seed + 1, num_candidates)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "BLOCK_CANDIDATES", width)
        positions, scores = nearest(queries, candidates, count, budget_bytes=budget)
    assert positions.tolist() == slow_nearest(queries, candidates, count)
    assert np.array_equal(scores, np.take_along_axis(queries @ candidates.T, positions, 1))


def test_no_block_of_similarities_is_larger_than_the_budget(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    better = neighbours._better

    def recorded(known: torch.Tensor, similarities: torch.Tensor, count: int) -> Any:
        sizes.append(similarities.nbytes)
        return better(known, similarities, count)

    monkeypatch.setattr(neighbours, "_better", recorded)
    monkeypatch.setattr(neighbours, "BLOCK_CANDIDATES", 64)
    candidates = np.memmap(tmp_path / "vectors", np.float32, "w+", shape=(300, 8))
    candidates[:] = unit(1, 300)
    queries = unit(2, 70)
    positions, _ = nearest(queries, candidates, 3, budget_bytes=4096)
    assert max(sizes) <= 4096
    assert sum(sizes) == 4 * 300 * 70
    assert positions.tolist() == slow_nearest(queries, np.array(candidates), 3)


def test_penalties_are_subtracted_from_a_candidates_similarities() -> None:
    queries = np.array([[1, 0]], np.float32)
    candidates = np.array([[1, 0], [0.5, 0], [0.9, 0]], np.float32)
    penalties = np.array([0.5, -0.3, 0.2], np.float32)
    positions, scores = nearest(queries, candidates, 3, penalties_C=penalties)
    assert positions.tolist() == [[1, 2, 0]]
    assert scores[0] == pytest.approx([0.8, 0.7, 0.5])


# --- similarities -------------------------------------------------------------------------------


def slow_best(queries: np.ndarray, candidates: np.ndarray, how: str, k: int) -> list[float]:
    """The best candidate's similarity, from the full matrix of similarities."""
    cosines = queries.astype(np.float64) @ candidates.T.astype(np.float64)
    own = np.sort(cosines, axis=1)[:, -k:].mean(axis=1)
    theirs = np.sort(cosines, axis=0)[-k:].mean(axis=0)
    if how == "csls":
        return (2 * cosines - own[:, None] - theirs[None]).max(axis=1).tolist()
    if how == "cosine":
        return cosines.max(axis=1).tolist()
    margins = 2 * cosines / (own[:, None] + theirs[None])
    nearest_k = np.argsort(-cosines, axis=1)[:, :k]
    return np.take_along_axis(margins, nearest_k, 1).max(axis=1).tolist()


@pytest.mark.parametrize("how", ["cosine", "csls", "margin"])
@pytest.mark.parametrize(("num_queries", "num_candidates", "k"), [(30, 40, 4), (5, 3, 10)])
def test_similarities_equal_a_slow_reference(
    how: Any, num_queries: int, num_candidates: int, k: int
) -> None:
    for seed in range(5):
        queries, candidates = unit(seed, num_queries), unit(seed + 50, num_candidates)
        best, scores = best_match(queries, candidates, how, k)
        assert scores == pytest.approx(slow_best(queries, candidates, how, k), rel=1e-4, abs=1e-5)
        if how == "cosine":
            assert best.tolist() == (queries @ candidates.T).argmax(axis=1).tolist()


@pytest.mark.parametrize(("how", "expected"), [("cosine", 0), ("csls", 1), ("margin", 1)])
def test_a_hub_wins_by_cosine_only(how: Any, expected: int) -> None:
    angles = np.radians([10, -10, 5, 40])
    queries = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    # the first is close to all queries, the second only to the last one
    around = np.radians([22, 60])
    candidates = np.stack([np.cos(around), np.sin(around)], 1).astype(np.float32)
    best, _ = best_match(queries, candidates, how, 2)
    assert best[3] == expected


# --- mining -------------------------------------------------------------------------------------


def slow_mine(left: np.ndarray, right: np.ndarray, k: int) -> list[tuple[int, int]]:
    """Greedy pairs, the best remaining one at a time, by loops over single sentences."""

    def cosine(i: int, j: int) -> float:
        return float(left[i].astype(np.float64) @ right[j].astype(np.float64))

    near_left = [
        sorted(range(len(right)), key=lambda j: -cosine(i, j))[:k] for i in range(len(left))
    ]
    near_right = [
        sorted(range(len(left)), key=lambda i: -cosine(i, j))[:k] for j in range(len(right))
    ]

    def margin(i: int, j: int) -> float:
        one = sum(cosine(i, n) for n in near_left[i]) / len(near_left[i])
        other = sum(cosine(n, j) for n in near_right[j]) / len(near_right[j])
        return cosine(i, j) / ((one + other) / 2)

    proposals = [(i, max(near, key=lambda j: margin(i, j))) for i, near in enumerate(near_left)]
    proposals += [(max(near, key=lambda i: margin(i, j)), j) for j, near in enumerate(near_right)]
    found = []
    while proposals:
        i, j = max(proposals, key=lambda pair: margin(*pair))
        if margin(i, j) > 0:
            found.append((i, j))
        proposals = [pair for pair in proposals if pair[0] != i and pair[1] != j]
    return found


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 999), st.integers(1, 12), st.integers(1, 12), st.integers(1, 5))
def test_mined_pairs_equal_a_slow_reference(seed: int, lefts: int, rights: int, k: int) -> None:
    # positive, like most vectors of a real model: the mean of cosines is not close to 0
    left, right = np.abs(unit(seed, lefts)), np.abs(unit(seed + 1, rights))
    pairs = mine(left, right, k)
    # with k = 1 all mutual neighbours have a margin of 1 up to rounding: their order is arbitrary
    assert sorted(pair[:2] for pair in pairs) == sorted(slow_mine(left, right, k))
    scores = [score for *_, score in pairs]
    assert scores == sorted(scores, reverse=True)


def test_only_positive_scores_are_mined() -> None:
    left, right = np.array([[1, 0]], np.float32), np.array([[0, 1]], np.float32)
    assert mine(left, np.array([[1, 0]], np.float32), 4) == [(0, 0, 1.0)]
    # orthogonal: 0 / 0, or a mean of opposite cosines below 0
    with np.errstate(invalid="ignore"):
        assert mine(left, right, 4) == []


def test_repeated_texts_lose_their_ids_or_share_them() -> None:
    texts, names = ["a", "b", "a", "b ", "c"], ["1", "2", "3", "4", "5"]
    rows = np.array([10, 11, 12, 13, 14])
    drop = unified(texts, names, rows, keep_repeated=False)
    assert drop.first_N.tolist() == [10, 11, 13, 14]
    assert drop.ids == [[], [], [], ["5"]]
    keep = unified(texts, names, rows, keep_repeated=True)
    assert keep.ids == [["1", "3"], ["2", "4"], ["2", "4"], ["5"]]
