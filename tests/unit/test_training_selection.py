"""Model selection: the best weights on dev, exact resuming, early stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import toy_stage
from engine_world import labels_of, make_tokens
from toy_stage import METRICS

from xstilts.errors import Interrupted
from xstilts.metrics.by_kind import score
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item, predict
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.tokens.store import TokenTable

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.training.runtime import TrainResult

PLAN = {"selection": "best", "eval_steps": 2, "patience": 0, "epochs": 3.0, "learning_rate": 1e-2}


def stage(
    folder: Path, kinds: tuple[str, ...] = ("classification",), **changes: Any
) -> TrainResult:
    """Train a toy stage with selection into ``folder/out``."""
    return toy_stage.stage(folder, kinds, **({"count": 96, "dev": 40, **PLAN} | changes))


def evaluations(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "selection.parquet").to_pylist()
    return rows


@pytest.mark.parametrize("kind", METRICS)
def test_the_weights_kept_are_those_of_the_best_evaluation(tmp_path: Path, kind: str) -> None:
    result = stage(tmp_path, (kind,))
    rows = evaluations(tmp_path / "model")
    assert [row["step"] for row in rows] == list(range(2, result.steps + 1, 2))
    best = max(row["value"] for row in rows)
    assert result.dev_score == best
    # of equal scores the first is kept
    assert result.kept_step == next(row["step"] for row in rows if row["value"] == best)
    data, tokens = make_tokens(tmp_path, kind, 40, seed=7)
    out = tmp_path / "en.parquet"
    predict(
        tmp_path / "model",
        task=kind,
        kind=kind,
        labels=labels_of(kind),
        items=[Item(language="en", tokens=tokens, data=data, out=out)],
        options=PredictOptions(),
        max_tokens=4096,
        num_threads=1,
    )
    predictions = pq.read_table(out).cast(PREDICTION_SCHEMAS[kind])
    assert score(kind, predictions)[METRICS[kind]] == pytest.approx(best)


def test_a_mixture_is_selected_by_the_mean_of_its_tasks(tmp_path: Path) -> None:
    result = stage(tmp_path, ("classification", "tagging"), eval_steps=0)
    rows = evaluations(tmp_path / "model")
    assert [row["task"] for row in rows] == ["classification", "tagging"]
    assert result.kept_step == result.steps
    assert result.dev_score == pytest.approx(sum(row["value"] for row in rows) / 2)


def test_selection_does_not_change_the_training(tmp_path: Path) -> None:
    for every in (1, 0):
        stage(tmp_path, out=f"every-{every}", eval_steps=every)
    losses = [
        pq.read_table(tmp_path / f"every-{every}/history.parquet").column("loss")
        for every in (1, 0)
    ]
    assert losses[0].equals(losses[1])


@pytest.mark.parametrize("stop_after", [3, 4, 11])
def test_an_interrupted_stage_keeps_the_same_weights(tmp_path: Path, stop_after: int) -> None:
    whole = stage(tmp_path, out="whole")
    with pytest.raises(Interrupted):
        stage(tmp_path, out="parts", run={"stop_after": stop_after})
    parts = stage(tmp_path, out="parts")
    assert parts.resumed_at == stop_after
    assert (parts.kept_step, parts.dev_score) == (whole.kept_step, whole.dev_score)
    for file in ("model.safetensors", "heads.safetensors", "selection.parquet"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "parts" / file).read_bytes()


def test_training_stops_when_nothing_improves(tmp_path: Path) -> None:
    # without a learning rate every evaluation is the same
    result = stage(tmp_path, learning_rate=1e-12, patience=3, eval_steps=1, epochs=4.0)
    assert result.kept_step == 1
    assert result.steps == 4
    assert len(evaluations(tmp_path / "model")) == 4


def test_the_first_examples_only(tmp_path: Path) -> None:
    data, tokens = make_tokens(tmp_path, "span", 30, max_length=24, doc_stride=4)
    table = TokenTable.open(tokens)
    head = table.head(5)
    assert head.metadata["num_examples"] == 5
    assert sorted(set(head.column("example").tolist())) == list(range(5))
    assert [head.ids(i).tolist() for i in range(len(head))] == [
        table.ids(i).tolist() for i in range(len(head))
    ]
    assert table.head(1000).metadata["num_examples"] == 30
    result = stage(tmp_path, dev_examples=1, eval_steps=0)
    assert result.dev_score in (0.0, 100.0)
    assert pq.read_table(data).num_rows == 30
