"""Predictions from sentence vectors: retrieval, mining, ranking."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from engine_world import make_tokens, rows_of
from toy_predictions import run, save_random_model

from xstilts.errors import UserError
from xstilts.models.encoder import hidden_states, load_encoder
from xstilts.prediction import neighbours
from xstilts.prediction import run as prediction_run
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item
from xstilts.tokens.store import TokenTable

if TYPE_CHECKING:
    from xstilts.progress import Progress


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_model(tmp_path_factory.mktemp("random"))


@pytest.mark.parametrize("pooling", ["mean", "mean_no_special", "cls"])
def test_retrieval_at_every_layer(random_model: Path, tmp_path: Path, pooling: str) -> None:
    data, tokens = make_tokens(tmp_path, "retrieval", 30)
    options = PredictOptions(pooling=pooling)
    result = run(random_model, tmp_path, "retrieval", data, tokens, options=options)
    rows, table = rows_of("retrieval", 30, 1), TokenTable.open(tokens)
    encoder = load_encoder(random_model).eval()
    expected = []
    for layer in range(3):
        vectors = []
        for i in range(30):
            ids = torch.from_numpy(table.ids(i).astype(np.int64))[None]
            with torch.inference_mode():
                inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
                hidden = hidden_states(encoder, inputs, every_layer=True)[layer][0]
            parts = {"mean": hidden, "mean_no_special": hidden[1:-1], "cls": hidden[:1]}
            vectors.append(parts[pooling].mean(0).numpy())
        unit = np.array(vectors) / np.linalg.norm(vectors, axis=1, keepdims=True)
        similarity = unit[1::2] @ unit[0::2].T
        expected += [
            (rows[2 * q + 1]["id"], layer, rows[2 * int(c)]["id"], float(similarity[q, c]))
            for q, c in enumerate(similarity.argmax(1))
        ]
    found = [
        (row["id"], row["layer"], row["prediction"], row["score"]) for row in result.to_pylist()
    ]
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert np.allclose([row[3] for row in found], [row[3] for row in expected], atol=1e-5)
    # the first token is <s> in every sentence: its embeddings (layer 0) are all equal
    same = [row[0] for row in enumerate(expected) if pooling != "cls" or row[1][1] > 0]
    assert [found[row][2] for row in same] == [expected[row][2] for row in same]
    assert result.column("gold")[0].as_py() == ["retrieval-0"]


def test_retrieval_in_blocks_is_the_same(
    random_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, tokens = make_tokens(tmp_path, "retrieval", 41)
    whole = run(random_model, tmp_path, "retrieval", data, tokens)
    monkeypatch.setattr(neighbours, "BLOCK_CANDIDATES", 4)
    blocks = run(random_model, tmp_path, "retrieval", data, tokens)
    assert whole.drop_columns("score").equals(blocks.drop_columns("score"))


def test_retrieval_in_reverse(random_model: Path, tmp_path: Path) -> None:
    texts = [row["text"] for row in rows_of("retrieval", 14, 4)]
    rows = [{"id": f"c{i}", "side": "candidate", "text": texts[i], "matches": []} for i in range(6)]
    # two queries for one candidate; the last three candidates match nothing
    for i in range(8):
        match = [f"c{(0, 0, 1, 2)[i % 4]}"] if i < 4 else ["c1"]
        rows.append({"id": f"q{i}", "side": "query", "text": texts[6 + i], "matches": match})
    data, tokens = make_tokens(tmp_path, "retrieval", rows=rows)
    options = PredictOptions(direction="xx-en")
    found = run(random_model, tmp_path, "retrieval", data, tokens, options=options).to_pylist()
    last = [row for row in found if row["layer"] == 2]
    assert [(row["id"], row["gold"]) for row in last] == [
        ("c0", ["q0", "q1"]), ("c1", ["q2", "q4", "q5", "q6", "q7"]), ("c2", ["q3"]),
    ]  # fmt: skip
    # the same as with swapped sides in the data
    other = {"candidate": "query", "query": "candidate"}
    gold = {row["id"]: row["gold"] for row in last}
    swapped = [
        row | {"side": other[row["side"]], "matches": gold.get(row["id"], [])}
        for row in rows if row["side"] == "query" or row["id"] in gold
    ]  # fmt: skip
    data, tokens = make_tokens(tmp_path, "retrieval", seed=9, rows=swapped)
    again = run(random_model, tmp_path, "retrieval", data, tokens).to_pylist()
    assert [row["prediction"] for row in again] == [row["prediction"] for row in found]


def sides(*parts: tuple[str, list[str], list[list[str]]]) -> list[dict[str, Any]]:
    """Rows of sides: name, texts, and the matches of the first ones."""
    return [
        {
            "id": f"{side[0] if not side.startswith('t') else side[7]}{i}",
            "side": side,
            "text": text,
            "matches": matches[i] if i < len(matches) else [],
        }
        for side, texts, matches in parts
        for i, text in enumerate(texts)
    ]


def test_mining_finds_equal_sentences_of_both_parts(random_model: Path, tmp_path: Path) -> None:
    texts = [row["text"] for row in rows_of("retrieval", 40, 5)]
    rows = sides(
        # the last query is the third once more, under another id
        ("query", [*texts[:8], texts[2]], [["c3"], ["c2"], ["c1"], ["c0"]]),
        ("candidate", [*texts[3::-1], *texts[20:28]], []),
        ("tuning_query", texts[30:33], [["c0"]]),
        ("tuning_candidate", texts[30:31], []),
    )
    data, tokens = make_tokens(tmp_path, "mining", rows=rows)
    options = PredictOptions(depth=0.5)
    found = run(random_model, tmp_path, "mining", data, tokens, options=options).to_pylist()
    assert {row["layer"] for row in found} == {1}
    pairs = {part: {} for part in ("evaluated", "tuning")}
    for row in found:
        pairs[row["part"]][row["id"]] = row["prediction"]
    # both "q2" and "q8" lost their pair; "q2" has gold and keeps a row
    assert {q: c for q, c in pairs["evaluated"].items() if q in ("q0", "q1", "q2", "q3")} == {
        "q0": "c3", "q1": "c2", "q2": None, "q3": "c0",
    }  # fmt: skip
    assert "q8" not in pairs["evaluated"]
    assert pairs["tuning"]["q0"] == "c0"
    kept = PredictOptions(depth=0.5, keep_repeated=True)
    shared = run(random_model, tmp_path, "mining", data, tokens, options=kept).to_pylist()
    assert {row["id"] for row in shared if row["prediction"] == "c1"} == {"q2", "q8"}


def test_ranking_keeps_the_nearest_in_order(random_model: Path, tmp_path: Path) -> None:
    texts = list(dict.fromkeys(row["text"] for row in rows_of("retrieval", 60, 6)))
    rows = sides(("candidate", texts[:30], []), ("query", texts[10:15], [["c10", "c11"]] * 5))
    data, tokens = make_tokens(tmp_path, "ranking", rows=rows)
    options = PredictOptions(depth=1.0)
    found = run(random_model, tmp_path, "ranking", data, tokens, options=options).to_pylist()
    assert [row["layer"] for row in found] == [2] * 5
    for number, row in enumerate(found):
        assert row["prediction"][0] == f"c{10 + number}"
        assert row["score"][0] == pytest.approx(1, abs=1e-5)
        assert len(set(row["prediction"])) == 20
        assert row["score"] == sorted(row["score"], reverse=True)
        assert row["gold"] == ["c10", "c11"]


def test_a_pool_of_candidates_is_embedded_once(
    random_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = list(dict.fromkeys(row["text"] for row in rows_of("retrieval", 60, 6)))
    items, alone = [], []
    for number, pool in enumerate((texts[:30], texts[:30], [*texts[:29], texts[31]])):
        first = 40 + 3 * number
        rows = sides(("candidate", pool, []), ("query", texts[first : first + 3], [["c1"]] * 3))
        data, tokens = make_tokens(tmp_path, "ranking", seed=number, rows=rows)
        out = tmp_path / f"{number}.parquet"
        items.append(Item(language=str(number), tokens=tokens, data=data, out=out))
        alone.append(run(random_model, tmp_path, "ranking", data, tokens))
    embedded = []
    forward = prediction_run.hidden_states

    def counted(encoder: Any, inputs: Any, **options: Any) -> Any:
        embedded[-1] += len(inputs["input_ids"])
        return forward(encoder, inputs, **options)

    monkeypatch.setattr(prediction_run, "hidden_states", counted)
    embedded.append(0)
    reported: list[Progress] = []
    run(
        random_model, tmp_path, "ranking", data, tokens, items=items, report=reported.append,
        on_language=lambda *_: embedded.append(0),
    )  # fmt: skip
    assert embedded == [33, 3, 33, 0]
    assert (reported[-1].done, reported[-1].total) == (69, 69)
    for item, expected in zip(items, alone, strict=True):
        found = pq.read_table(item.out)
        assert found.column("prediction").to_pylist() == expected.column("prediction").to_pylist()


def test_retrieval_without_queries_is_an_error(random_model: Path, tmp_path: Path) -> None:
    rows = [row for row in rows_of("retrieval", 10, 1) if row["side"] == "candidate"]
    data, tokens = make_tokens(tmp_path, "retrieval", rows=rows)
    with pytest.raises(UserError, match="0 queries and 5 candidates"):
        run(random_model, tmp_path, "retrieval", data, tokens)
