"""A task whose labels the training data decide: from the data set to the predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from engine_world import ARCHITECTURE, recipe, rows_of, runtime, tokenizer_dir

from xstilts.data.prepare import write_examples
from xstilts.errors import UserError
from xstilts.metrics.by_kind import score
from xstilts.models.heads import HeadSpec, read_index
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item, predict
from xstilts.tokens.labels import labels_of_members
from xstilts.tokens.prepare import prepare_tokens
from xstilts.training.loop import train
from xstilts.training.sampler import TrainingSet


def prepare(folder: Path, name: str, rows: list[dict[str, Any]]) -> tuple[Path, Path, dict]:
    """Data file, token file and facts of a tagging task without labels of its own."""
    data, tokens = folder / f"{name}.parquet", folder / f"{name}.arrow"
    facts = write_examples(rows, "tagging", [], data, name)
    prepare_tokens(
        data,
        tokens,
        kind="tagging",
        labels=(),
        tokenizer_dir=tokenizer_dir(),
        max_length=48,
        doc_stride=8,
    )
    return data, tokens, facts


def test_from_the_data_to_the_score(tmp_path: Path) -> None:
    _, trained, facts = prepare(tmp_path, "train", rows_of("tagging", 120, 1))
    unseen = rows_of("tagging", 20, 2)
    unseen[0]["tags"][0] = "NEVER/SEEN"
    data, tokens, _ = prepare(tmp_path, "test", unseen)
    labels = labels_of_members([trained])
    assert list(labels) == sorted(facts["labels"]) == ["CAPITAL", "OTHER"]
    train(
        {**ARCHITECTURE, "vocab_size": 200},
        [TrainingSet(task="ccg", language="en", tokens=trained)],
        {"ccg": HeadSpec(kind="tagging", labels=labels)},
        recipe(epochs=2.0),
        seed=1,
        out_dir=tmp_path,
        runtime=runtime(tmp_path),
    )
    assert read_index(tmp_path)["ccg"].labels == labels
    out = tmp_path / "predictions.parquet"
    predict(
        tmp_path,
        task="ccg",
        kind="tagging",
        labels=(),
        items=[Item(language="en", tokens=tokens, data=data, out=out)],
        options=PredictOptions(),
        max_tokens=4096,
        num_threads=1,
        device="cpu",
    )
    predictions = pq.read_table(out)
    assert predictions["gold"][0][0].as_py() == "NEVER/SEEN"
    assert set(predictions["prediction"].combine_chunks().flatten().to_pylist()) <= set(labels)
    assert 50 < score("tagging", predictions)["token_accuracy"] < 100


def test_training_sets_with_other_labels_cannot_share_a_head(tmp_path: Path) -> None:
    _, one, _ = prepare(tmp_path, "one", rows_of("tagging", 20, 1))
    rows = rows_of("tagging", 20, 2)
    rows[0]["tags"][0] = "THIRD"
    _, other, _ = prepare(tmp_path, "other", rows)
    with pytest.raises(UserError, match=r"one\.arrow \(2 labels\), .*other\.arrow \(3 labels\)"):
        labels_of_members([one, other])


def test_an_empty_label_is_no_label(tmp_path: Path) -> None:
    rows = rows_of("tagging", 5, 1)
    rows[0]["tags"][0] = ""
    with pytest.raises(UserError, match="has the unknown label ''"):
        write_examples(rows, "tagging", [], tmp_path / "data.parquet", "somewhere")
