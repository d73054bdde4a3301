"""Data maps do not depend on micro-batches and interruptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import toy_stage
from engine_world import ARCHITECTURE, make_tokens

from xstilts.errors import Interrupted
from xstilts.models.encoder import hidden_states, load_encoder
from xstilts.models.heads import load_head
from xstilts.tokens.batches import collate, model_inputs, read_sequences
from xstilts.tokens.store import TokenTable
from xstilts.training.data_map import DATA_MAP_SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

NO_DROPOUT = {**ARCHITECTURE, "dropout": 0.0}
KINDS = ("classification", "span", "multiple_choice")


def stage(
    folder: Path, out: str, kinds: tuple[str, ...] = KINDS, *, count: int = 24, **options: Any
) -> pd.DataFrame:
    """Train a toy stage on the given kinds; return its data map."""
    toy_stage.stage(folder, kinds, start=NO_DROPOUT, out=out, count=count, **options)
    return pq.read_table(folder / out / "data_map.parquet").to_pandas()


def test_every_example_is_recorded_once_per_epoch(tmp_path: Path) -> None:
    found = stage(tmp_path, "model", epochs=3.0)
    assert list(found.columns) == DATA_MAP_SCHEMA.names
    assert set(found["epochs"]) == {3}
    for kind, rows in found.groupby("task"):
        examples = TokenTable.open(make_tokens(tmp_path, str(kind), 24)[1]).column("example")
        assert set(rows["example"]) == set(examples.tolist())
        assert not rows.duplicated(["example", "window"]).any()
    assert found["confidence"].between(0, 1).all()
    assert (found["variability"] > 0).any()


def test_confidence_is_the_probability_of_the_correct_answer(tmp_path: Path) -> None:
    # with a negligible learning rate, each epoch's probability is that of the written model
    found = stage(tmp_path, "model", ("classification",), epochs=2.0, learning_rate=1e-12)
    encoder = load_encoder(tmp_path / "model")
    head = load_head(tmp_path / "model", "classification", encoder.config)
    table = TokenTable.open(make_tokens(tmp_path, "classification", 24)[1])
    sequences = read_sequences([table], [(0, row) for row in range(len(table))], ["label"])
    tensors = collate(sequences, slice(None), torch.device("cpu"))
    with torch.no_grad():
        hidden = hidden_states(encoder.eval(), model_inputs(tensors))[-1]
        logits = head.eval()(hidden, tensors["attention_mask"])
    right = logits.softmax(-1)[torch.arange(len(table)), tensors["label"]].numpy()
    by_example = found.set_index("example")["confidence"]
    expected = dict(zip(table.column("example").tolist(), right, strict=True))
    assert by_example.to_dict() == pytest.approx(expected, abs=1e-5)
    assert found["variability"].max() < 2e-3


def test_a_map_depends_neither_on_micro_batches_nor_on_interruptions(tmp_path: Path) -> None:
    whole = stage(tmp_path, "whole", epochs=3.0)
    parts = stage(tmp_path, "parts", epochs=3.0, run={"max_tokens": 40})
    with pytest.raises(Interrupted):
        stage(tmp_path, "stopped", epochs=3.0, run={"stop_after": 4})
    resumed = stage(tmp_path, "stopped", epochs=3.0)
    assert resumed.equals(whole)
    assert parts.drop(columns=["confidence", "variability"]).equals(
        whole.drop(columns=["confidence", "variability"])
    )
    for name in ("confidence", "variability"):
        np.testing.assert_allclose(parts[name], whole[name], atol=1e-3)


def test_smoothed_losses_and_other_kinds_give_no_map(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        stage(tmp_path, "smoothed", ("classification",), label_smoothing=0.1)
    with pytest.raises(FileNotFoundError):
        stage(tmp_path, "tagging", ("tagging",))
