"""Predictions of whole models: right, independent of batching, one file per language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from engine_world import ARCHITECTURE, labels_of, make_tokens, recipe, rows_of, running

from xstilts.errors import UserError
from xstilts.models.encoder import build_encoder, hidden_states, load_encoder, save_encoder
from xstilts.models.heads import HeadSpec, new_head, save_heads
from xstilts.prediction import neighbours, span
from xstilts.prediction import run as prediction_run
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item, predict
from xstilts.record import read_record
from xstilts.tokens.store import TokenTable
from xstilts.training.loop import train
from xstilts.training.sampler import Member

if TYPE_CHECKING:
    from xstilts.progress import Progress

KINDS = ("classification", "span", "tagging", "multiple_choice")


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model with a head of each kind, whose outputs are far apart."""
    folder = tmp_path_factory.mktemp("random")
    torch.manual_seed(3)
    encoder = build_encoder({**ARCHITECTURE, "vocab_size": 200})
    specs = {kind: HeadSpec(kind=kind, labels=labels_of(kind)) for kind in KINDS}
    heads = {kind: new_head(spec, encoder.config) for kind, spec in specs.items()}
    for module in (encoder, *heads.values()):
        for parameter in module.parameters():
            if parameter.ndim > 1:
                parameter.data.mul_(6)
    save_encoder(encoder, folder)
    save_heads(heads, specs, folder)
    return folder


def run(model: Path, folder: Path, kind: str, data: Path, tokens: Path, **changes: Any) -> Any:
    """Predictions of one language as a table."""
    out = folder / f"{kind}.predictions.parquet"
    values: dict[str, Any] = {
        "task": kind,
        "kind": kind,
        "labels": labels_of(kind),
        "items": [Item(language="en", tokens=tokens, data=data, out=out)],
        "options": PredictOptions(),
        "tokens_per_pass": 4096,
        "num_threads": 1,
        "device": "cpu",
    }
    predict(model, **(values | changes))
    return pq.read_table(out)


@pytest.mark.parametrize("kind", [*KINDS, "retrieval"])
def test_batches_do_not_change_predictions(random_model: Path, tmp_path: Path, kind: str) -> None:
    data, tokens = make_tokens(tmp_path, kind, 40, max_length=24)
    batched = run(random_model, tmp_path, kind, data, tokens)
    single = run(random_model, tmp_path, kind, data, tokens, tokens_per_pass=1)
    for name in ("id", "gold", "prediction"):
        assert batched.column(name).equals(single.column(name)), name
    shares = dict.fromkeys(("classification", "multiple_choice"), "probabilities")
    numbers = {**shares, "tagging": None}.get(kind, "score")
    if numbers:
        pair = [np.array(table.column(numbers).to_pylist()) for table in (batched, single)]
        assert np.allclose(*pair, atol=1e-5)
        # examples that are mixed up must show
        assert np.ptp(pair[0], axis=0).max() > 1e-3
    else:
        assert len(set(map(str, batched.column("prediction").to_pylist()))) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_learnable_task_is_learned(tmp_path: Path, kind: str) -> None:
    members = [Member(task=kind, language="en", tokens=make_tokens(tmp_path, kind, 400)[1])]
    train(
        ARCHITECTURE, members, {kind: HeadSpec(kind=kind, labels=labels_of(kind))},
        recipe(epochs=5.0), seed=1, out_dir=tmp_path / "model", running=running(tmp_path),
    )  # fmt: skip
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


def test_choices_of_an_example_share_the_probability(random_model: Path, tmp_path: Path) -> None:
    rows = rows_of("multiple_choice", 24, 1)
    # a test set may mix numbers of choices; every example keeps its own
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


class FixedSpan(torch.nn.Module):
    """A head that prefers the pieces at two positions of the window."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, hidden_BTD: torch.Tensor) -> torch.Tensor:
        return self.logits[: len(hidden_BTD)]


def decode(
    tmp_path: Path, context: str, scores: dict[tuple[str, int, int], float], **options: Any
) -> tuple[str, float]:
    """The answer if the pieces have these start and end logits (others -9)."""
    answer = {"text": context.split()[0], "start": 0}
    row = {"id": "1", "context": context, "question": "what", "answers": [answer]}
    data, tokens = make_tokens(tmp_path, "span", rows=[row], max_length=24, doc_stride=6)
    table = TokenTable.open(tokens)
    width = table.longest
    offsets = np.full((len(table), width), -100)
    for i in range(len(table)):
        values = table.list_column("offsets_start").row(i)
        offsets[i, : len(values)] = values
    logits = torch.full((len(table), width, 2), -9.0)
    for (side, window, position), score in scores.items():
        logits[window, position, int(side == "end")] = score
    predictor = span.Predictor(table, (), PredictOptions(**options))
    predictor.add(
        np.arange(len(table)),
        {"offsets_start": torch.from_numpy(offsets)},
        [torch.zeros(len(table), width, 4)],
        FixedSpan(logits),
    )
    result = predictor.finish(pq.read_table(data, columns=list(span.COLUMNS)))
    return result.column("prediction")[0].as_py(), result.column("score")[0].as_py()


CONTEXT = (
    "北京  cafe\u0301 😀 the Straße sees क्षि dog house river tree old bird red blue small old never"
)


def positions(tmp_path: Path, word: str) -> tuple[int, int]:
    """First and last piece of a word in the first window over ``CONTEXT``."""
    answer = {"text": word, "start": CONTEXT.index(word)}
    row = {"id": "1", "context": CONTEXT, "question": "what", "answers": [answer]}
    _, tokens = make_tokens(tmp_path, "span", rows=[row], max_length=24, doc_stride=6, seed=9)
    table = TokenTable.open(tokens)
    return int(table.column("start")[0]), int(table.column("end")[0])


@pytest.mark.parametrize("word", ["北京", "cafe\u0301", "😀", "Straße"])
def test_answers_are_slices_of_the_original_text(tmp_path: Path, word: str) -> None:
    first, last = positions(tmp_path, word)
    scores = {("start", 0, first): 5.0, ("end", 0, last): 4.0}
    assert decode(tmp_path, CONTEXT, scores) == (word, 9.0)


def test_the_best_window_wins(tmp_path: Path) -> None:
    first, last = positions(tmp_path, "北京")
    scores = {("start", 0, first): 5.0, ("end", 0, last): 4.0}
    scores |= {("start", 1, first): 9.0, ("end", 1, first): 9.0}
    text, score = decode(tmp_path, CONTEXT, scores)
    assert score == 18.0
    assert text != "北京"
    assert text in CONTEXT


def test_question_and_special_tokens_are_no_answer(tmp_path: Path) -> None:
    first, last = positions(tmp_path, "😀")
    scores = {("start", 0, 0): 50.0, ("end", 0, 1): 50.0}
    scores |= {("start", 0, first): 5.0, ("end", 0, last): 4.0}
    assert decode(tmp_path, CONTEXT, scores)[0] == "😀"


def test_no_answer_wins_by_more_than_the_threshold(tmp_path: Path) -> None:
    first, last = positions(tmp_path, "😀")
    windows = 2
    scores = {("start", 0, first): 5.0, ("end", 0, last): 4.0}
    # in every window, for one that speaks for an answer is enough
    none = {(side, window, 0): 6.0 for side in ("start", "end") for window in range(windows)}
    assert decode(tmp_path, CONTEXT, scores | none) == ("😀", 9.0)
    assert decode(tmp_path, CONTEXT, scores | none, null_threshold=0.0) == ("", 12.0)
    assert decode(tmp_path, CONTEXT, scores | none, null_threshold=3.0) == ("😀", 9.0)
    some = none | {("start", windows - 1, 0): -9.0}
    assert decode(tmp_path, CONTEXT, scores | some, null_threshold=0.0) == ("😀", 9.0)


def test_unanswerable_questions_are_learned(tmp_path: Path) -> None:
    rows = rows_of("span", 500, 3)
    for row in rows[::3]:
        row["context"] = row["context"].replace("good", "bad")
        row["answers"] = []
    members = [
        Member(task="span", language="en", tokens=make_tokens(tmp_path, "span", rows=rows[:400])[1])
    ]
    train(
        ARCHITECTURE, members, {"span": HeadSpec(kind="span")},
        recipe(epochs=6.0), seed=1, out_dir=tmp_path / "model", running=running(tmp_path),
    )  # fmt: skip
    data, tokens = make_tokens(tmp_path, "span", seed=2, rows=rows[400:])
    options = PredictOptions(null_threshold=0.0)
    found = run(tmp_path / "model", tmp_path, "span", data, tokens, options=options).to_pylist()
    right = [row["prediction"] == "".join(row["gold"]) for row in found]
    assert np.mean(right) > 0.95
    assert 20 < sum(not row["gold"] for row in found) < 80


def test_answers_run_forwards_and_are_not_too_long(tmp_path: Path) -> None:
    first, last = positions(tmp_path, "😀")
    backwards = {("start", 0, last + 1): 50.0, ("end", 0, first - 1): 50.0}
    backwards |= {("start", 0, first): 5.0, ("end", 0, last): 45.0}
    assert decode(tmp_path, CONTEXT, backwards)[0] == "😀"
    begin, _ = positions(tmp_path, "北京")
    far = {("start", 0, begin): 50.0, ("end", 0, last): 50.0, ("start", 0, first): 49.0}
    assert decode(tmp_path, CONTEXT, far)[0].startswith("北京")
    assert decode(tmp_path, CONTEXT, far, max_answer_length=1 + last - first)[0] == "😀"


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
    # the first piece is <s> in every sentence: without context its vectors are all equal
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
    # two questions for one candidate; the last three candidates match nothing
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
    # the same as with the sides exchanged in the data
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
    # both "q2" and "q8" lost their pair; "q2" has gold and stays
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
    said: list[Progress] = []
    run(
        random_model, tmp_path, "ranking", data, tokens, items=items, report=said.append,
        on_language=lambda *_: embedded.append(0),
    )  # fmt: skip
    assert embedded == [33, 3, 33, 0]
    assert (said[-1].done, said[-1].total) == (69, 69)
    for item, expected in zip(items, alone, strict=True):
        found = pq.read_table(item.out)
        assert found.column("prediction").to_pylist() == expected.column("prediction").to_pylist()


def test_retrieval_without_queries_is_an_error(random_model: Path, tmp_path: Path) -> None:
    rows = [row for row in rows_of("retrieval", 10, 1) if row["side"] == "candidate"]
    data, tokens = make_tokens(tmp_path, "retrieval", rows=rows)
    with pytest.raises(UserError, match="0 queries and 5 candidates"):
        run(random_model, tmp_path, "retrieval", data, tokens)


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
    metadata = read_record(tmp_path / "sw.parquet")
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
    said: list[Progress] = []
    run(
        random_model, tmp_path, "classification", data, tokens, items=items,
        tokens_per_pass=200, report=said.append,
    )  # fmt: skip
    assert {progress.total for progress in said} == {40}
    assert [progress.done for progress in said] == sorted({progress.done for progress in said})
    assert len(said) > 2
    assert (said[-1].done, said[-1].seconds_left) == (40, 0)
    assert "tokens/s" in said[-1].detail


def test_another_tasks_head(random_model: Path, tmp_path: Path) -> None:
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
