"""Predictions of whole models: correct, independent of batching, one file per language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from engine_world import labels_of, make_tokens, rows_of
from toy_predictions import KINDS, run, save_random_model
from toy_stage import stage

from xstilts.errors import UserError
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item
from xstilts.schema_metadata import read_metadata

if TYPE_CHECKING:
    from xstilts.progress import Progress


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_model(tmp_path_factory.mktemp("random"))


@pytest.mark.parametrize("kind", [*KINDS, "retrieval"])
def test_batches_do_not_change_predictions(random_model: Path, tmp_path: Path, kind: str) -> None:
    data, tokens = make_tokens(tmp_path, kind, 40, max_length=24)
    batched = run(random_model, tmp_path, kind, data, tokens)
    single = run(random_model, tmp_path, kind, data, tokens, max_tokens=1)
    for name in ("id", "gold", "prediction"):
        assert batched.column(name).equals(single.column(name)), name
    shares = dict.fromkeys(("classification", "multiple_choice"), "probabilities")
    numbers = {**shares, "tagging": None}.get(kind, "score")
    if numbers:
        pair = [np.array(table.column(numbers).to_pylist()) for table in (batched, single)]
        assert np.allclose(*pair, atol=1e-5)
        # a permutation of examples must be visible
        assert np.ptp(pair[0], axis=0).max() > 1e-3
    else:
        assert len(set(map(str, batched.column("prediction").to_pylist()))) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_learnable_task_is_learned(tmp_path: Path, kind: str) -> None:
    stage(tmp_path, (kind,), count=400, epochs=5.0)
    data, tokens = make_tokens(tmp_path, kind, 100, seed=2)
    table = run(tmp_path / "model", tmp_path, kind, data, tokens)
    gold, predictions = table.column("gold").to_pylist(), table.column("prediction").to_pylist()
    if kind == "span":
        gold = [answers[0] for answers in gold]
    right = [one == other for one, other in zip(gold, predictions, strict=True)]
    assert np.mean(right) > 0.95


def test_classification_gold_ids_and_probabilities(random_model: Path, tmp_path: Path) -> None:
    data, tokens = make_tokens(tmp_path, "classification", 30)
    table = run(random_model, tmp_path, "classification", data, tokens)
    rows = rows_of("classification", 30, 1)
    assert table.column("id").to_pylist() == [row["id"] for row in rows]
    assert table.column("gold").to_pylist() == [row["label"] for row in rows]
    probabilities = np.array(table.column("probabilities").to_pylist())
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    labels = np.array(labels_of("classification"))
    assert labels[probabilities.argmax(1)].tolist() == table.column("prediction").to_pylist()


def test_probabilities_of_an_examples_choices_sum_to_one(
    random_model: Path, tmp_path: Path
) -> None:
    rows = rows_of("multiple_choice", 24, 1)
    # examples of a test set may differ in their number of choices
    for row in rows[::2]:
        row["choices"].append("the house")
    data, tokens = make_tokens(tmp_path, "multiple_choice", rows=rows)
    table = run(random_model, tmp_path, "multiple_choice", data, tokens)
    assert table.column("id").to_pylist() == [row["id"] for row in rows]
    assert table.column("gold").to_pylist() == [row["label"] for row in rows]
    for row, found in zip(rows, table.to_pylist(), strict=True):
        shares = np.array(found["probabilities"])
        assert len(shares) == len(row["choices"])
        assert shares.sum() == pytest.approx(1, abs=1e-5)
        assert shares.argmax() == found["prediction"]
    assert len(set(table.column("prediction").to_pylist())) > 1


def test_choices_in_another_order_get_the_same_probabilities(
    random_model: Path, tmp_path: Path
) -> None:
    rows = rows_of("multiple_choice", 12, 1)
    mirrored = [row | {"choices": row["choices"][::-1], "label": 2 - row["label"]} for row in rows]
    tables = []
    for number, examples in enumerate((rows, mirrored)):
        data, tokens = make_tokens(tmp_path, "multiple_choice", 12, number, rows=examples)
        tables.append(run(random_model, tmp_path, "multiple_choice", data, tokens))
    shares, other = (np.array(table.column("probabilities").to_pylist()) for table in tables)
    assert np.allclose(shares, other[:, ::-1], atol=1e-5)


def test_tokens_of_other_choices_are_an_error(random_model: Path, tmp_path: Path) -> None:
    rows = rows_of("multiple_choice", 6, 1)
    _, tokens = make_tokens(tmp_path, "multiple_choice", rows=rows)
    rows[4]["choices"].append("the house")
    data, _ = make_tokens(tmp_path, "multiple_choice", 6, 2, rows=rows)
    with pytest.raises(UserError, match=r"'multiple_choice-4': 4 choices .* 3 in the tokens"):
        run(random_model, tmp_path, "multiple_choice", data, tokens)


def test_each_word_of_a_split_sentence_gets_one_tag(random_model: Path, tmp_path: Path) -> None:
    words = ["the", "Straße", "北京"] * 30
    rows = [
        {"id": "long", "tokens": words, "tags": ["OTHER"] * 90},
        {"id": "empty", "tokens": [], "tags": []},
        {"id": "short", "tokens": ["cat"], "tags": ["OTHER"]},
    ]
    data, tokens = make_tokens(tmp_path, "tagging", rows=rows, max_length=20)
    table = run(random_model, tmp_path, "tagging", data, tokens)
    assert [len(tags) for tags in table.column("prediction").to_pylist()] == [90, 0, 1]
    assert table.column("gold").to_pylist() == [row["tags"] for row in rows]


def test_languages_are_written_one_by_one(random_model: Path, tmp_path: Path) -> None:
    items, done = [], []
    for seed, language in enumerate(("de", "sw")):
        data, tokens = make_tokens(tmp_path, "classification", 10, seed)
        out = tmp_path / f"{language}.parquet"
        metadata = {"id": language}
        items.append(Item(language=language, tokens=tokens, data=data, out=out, metadata=metadata))
    broken = Item(
        language="xx", tokens=tmp_path / "no.arrow", data=data, out=tmp_path / "xx.parquet"
    )
    with pytest.raises(UserError, match=r"no\.arrow"):
        run(
            random_model, tmp_path, "classification", data, tokens, items=[*items, broken],
            on_language=lambda language, _seconds: done.append(language),
        )  # fmt: skip
    assert done == ["de", "sw"]
    metadata = read_metadata(tmp_path / "sw.parquet")
    assert metadata["id"] == metadata["language"] == "sw"
    assert metadata["device"] == "cpu"
    assert metadata["seconds"] >= 0
    assert metadata["versions"]["torch"] == torch.__version__
    assert not (tmp_path / "xx.parquet").exists()


def test_progress_counts_the_sequences_of_all_languages(random_model: Path, tmp_path: Path) -> None:
    items = []
    for seed, (count, name) in enumerate([(10, "first"), (30, "classification.predictions")]):
        data, tokens = make_tokens(tmp_path, "classification", count, seed)
        out = tmp_path / f"{name}.parquet"
        items.append(Item(language=name, tokens=tokens, data=data, out=out))
    reported: list[Progress] = []
    run(
        random_model, tmp_path, "classification", data, tokens, items=items,
        max_tokens=200, report=reported.append,
    )  # fmt: skip
    assert {progress.total for progress in reported} == {40}
    assert [progress.done for progress in reported] == sorted(
        {progress.done for progress in reported}
    )
    assert len(reported) > 2
    assert (reported[-1].done, reported[-1].seconds_left) == (40, 0)
    assert "tokens/s" in reported[-1].detail


def test_the_head_of_another_task(random_model: Path, tmp_path: Path) -> None:
    data, tokens = make_tokens(tmp_path, "classification", 10)
    with pytest.raises(UserError, match=r"no head 'xnli'.*Heads: classification"):
        run(random_model, tmp_path, "classification", data, tokens, task="xnli")
    options = PredictOptions(head="classification")
    run(random_model, tmp_path, "classification", data, tokens, task="xnli", options=options)
    with pytest.raises(UserError, match="labels of"):
        run(random_model, tmp_path, "classification", data, tokens, labels=("x", "y"))
    with pytest.raises(UserError, match="head 'span' is for span"):
        options = PredictOptions(head="span")
        run(random_model, tmp_path, "classification", data, tokens, options=options)
