"""Predictions in bf16 score the same as in fp32 on a whole task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from engine_world import labels_of, make_tokens
from toy_stage import stage

from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item, predict

NUMBERS = {
    "classification": "probabilities",
    "multiple_choice": "probabilities",
    "span": "score",
}
"""Columns whose values depend on the precision."""


def predictions(model: Path, folder: Path, kind: str, precision: Any) -> list[dict[str, Any]]:
    """Predictions of 400 examples that were not trained on."""
    data, tokens = make_tokens(folder, kind, 400, seed=2)
    out = folder / f"{precision}.parquet"
    predict(
        model, task=kind, kind=kind, labels=labels_of(kind),
        items=[Item(language="en", tokens=tokens, data=data, out=out)],
        options=PredictOptions(precision=precision),
        max_tokens=4096, num_threads=1, device="cpu",
    )  # fmt: skip
    return list(pq.read_table(out).to_pylist())


@pytest.mark.parametrize("kind", ["classification", "span", "tagging", "multiple_choice"])
def test_a_whole_task_scores_the_same(tmp_path: Path, kind: str) -> None:
    # stopped early: some predictions are close calls
    stage(tmp_path, (kind,), count=400, epochs=2.0)
    full, half = (predictions(tmp_path / "model", tmp_path, kind, p) for p in ("fp32", "bf16"))
    assert [row["id"] for row in full] == [row["id"] for row in half]
    same = [one["prediction"] == other["prediction"] for one, other in zip(full, half, strict=True)]
    assert np.mean(same) > 0.97
    scores = [
        np.mean([row["prediction"] in (row["gold"], *_listed(row["gold"])) for row in rows])
        for rows in (full, half)
    ]
    assert abs(scores[0] - scores[1]) <= 0.01
    if kind in NUMBERS:
        assert [row[NUMBERS[kind]] for row in full] != [row[NUMBERS[kind]] for row in half]


def _listed(gold: Any) -> list[Any]:
    """Alternative gold answers."""
    return list(gold) if isinstance(gold, list) else []


def test_sentences_have_the_same_neighbours(tmp_path: Path) -> None:
    stage(tmp_path, count=400, epochs=2.0)
    full, half = (
        predictions(tmp_path / "model", tmp_path, "retrieval", p) for p in ("fp32", "bf16")
    )
    assert full != half
    same = [one["prediction"] == other["prediction"] for one, other in zip(full, half, strict=True)]
    assert np.mean(same) > 0.95
    # the toy model's neighbours are rarely right, but not all the same sentence
    assert len({row["prediction"] for row in full}) > 50
