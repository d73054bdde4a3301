"""Trivial baselines: what they learn, and what the generated world hides from them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from microworld_samples import sample

from xstilts.data.schemas import SCHEMAS
from xstilts.features import names_of
from xstilts.trivial_baselines import classification, span, tagging
from xstilts.trivial_baselines.bayes import NaiveBayes
from xstilts.trivial_baselines.run import MAX_TRAIN, TRIVIAL_BASELINE_SCHEMA, baseline_rows
from xstilts.trivial_baselines.words import words, words_with_offsets

if TYPE_CHECKING:
    from xstilts.kinds import Kind

METRICS = {
    "classification": "accuracy",
    "multiple_choice": "accuracy",
    "retrieval": "accuracy",
    "span": "mean_em_f1",
    "tagging": "f1",
}


def values(
    folder: Path, kind: Kind, train: list[dict] | None, test: dict[str, list[dict]], **options: Any
) -> dict[tuple[str, str], float]:
    """(baseline, language) to value, through the files that a job reads."""
    files = {name: folder / f"{name}.parquet" for name in ("train", *test)}
    for name, rows in [*({"train": train} if train else {}).items(), *test.items()]:
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS[kind]), files[name])
    table = baseline_rows(
        [files["train"]] if train else [],
        {name: files[name] for name in test},
        target="target",
        kind=kind,
        metric=METRICS[kind],
        scorer="",
        max_train_examples=options.get("max_train_examples", 0),
    )
    assert table.schema.equals(TRIVIAL_BASELINE_SCHEMA)
    return {(row["baseline"], row["language"]): row["value"] for row in table.to_pylist()}


def in_english(
    folder: Path, kind: Kind, generator: str, num_train: int = 2000, **options: Any
) -> dict[str, float]:
    """Baseline to value of a task of the generated world, in mini-English."""
    train, test = (
        sample(generator, "qaa", split, n, **options)
        for split, n in (("train", num_train), ("test", 900))
    )
    return {name: value for (name, _), value in values(folder, kind, train, {"qaa": test}).items()}


def test_words_of_scripts_with_and_without_spaces() -> None:
    assert words("The cat's 2 hats.") == ["the", "cat", "'", "s", "2", "hats", "."]
    assert words("犬が走る dog") == ["犬", "が", "走", "る", "dog"]
    assert words(None) == []
    text = "Wer? Anna!"
    assert [text[start:end] for _, start, end in words_with_offsets(text)] == [
        "Wer", "?", "Anna", "!",
    ]  # fmt: skip


def test_naive_bayes_by_hand() -> None:
    pairs = [({"x", "y"}, "a"), ({"x"}, "a"), ({"y", "z"}, "b")]
    model = NaiveBayes(pairs, ("a", "b"))
    # z occurs only once and is ignored; x: 2.5 of 4 in a, 0.5 of 2 in b; y: 1.5 of 4, 1.5 of 2
    assert sorted(model.index) == ["x", "y"]
    scores = model.scores(["x", "z", "x"])
    assert scores[0] - scores[1] == pytest.approx(math.log(2.5 / 4 * 2.5 / (0.5 / 2 * 1.5)))
    assert model.best(["x"]) == "a"
    assert model.log_odds(["y"]) == pytest.approx(math.log(1.5 / 2 * 1.5 / (1.5 / 4 * 2.5)))


def test_a_word_that_gives_the_label_away_is_found_on_its_side(tmp_path: Path) -> None:
    rows = [
        {"id": str(i), "text_a": f"a{i % 7}", "text_b": "yes it is" if i % 2 else "no it is not",
         "label": "pq"[i % 2]}
        for i in range(200)
    ]  # fmt: skip
    found = values(tmp_path, "classification", rows, {"en": rows[:50]})
    assert found["text_b_only", "en"] == found["bag_of_words", "en"] == 100
    assert found["text_a_only", "en"] < 70


def test_single_texts_have_no_sides(tmp_path: Path) -> None:
    rows = [
        {"id": str(i), "text_a": "good" if i % 2 else "bad", "text_b": None, "label": str(i % 2)}
        for i in range(40)
    ]
    assert values(tmp_path, "classification", rows, {"en": rows}) == {("bag_of_words", "en"): 100.0}


def test_tags_are_each_words_most_frequent_one(tmp_path: Path) -> None:
    train = [
        {"id": "1", "tokens": ["the", "run", "ends"], "tags": ["DET", "NOUN", "VERB"]},
        {"id": "2", "tokens": ["The", "run"], "tags": ["DET", "NOUN"]},
        {"id": "3", "tokens": ["run", "run"], "tags": ["VERB", "NOUN"]},
    ]
    words_and_tags = {"tokens": ["THE", "run", "a", "zebra"], "tags": ["DET", "NOUN", "X", "NOUN"]}
    test = [{"id": "9", **words_and_tags}, {"id": "8", "tokens": ["ends"], "tags": ["VERB"]}]
    baseline = tagging.Baseline("most_frequent_tag", train)
    # "a" and "zebra" are unknown: NOUN is the most frequent tag overall
    assert [row["prediction"] for row in baseline.predict(test)] == [
        ["DET", "NOUN", "NOUN", "NOUN"],
        ["VERB"],
    ]
    assert set(values(tmp_path, "tagging", train, {"en": test})) == {("most_frequent_tag", "en")}


def test_retrieval_by_shared_words_needs_no_training(tmp_path: Path) -> None:
    def row(name: str, side: str, text: str, matches: list[str]) -> dict:
        return {"id": name, "side": side, "text": text, "matches": matches}

    rows = [
        row("0", "candidate", "anna haus berlin und noch viel mehr", []),
        row("1", "candidate", "anna berlin", []),
        row("2", "candidate", "otto", []),
        row("q0", "query", "anna in berlin", ["1"]),
        row("q1", "query", "nothing in common", ["0"]),
        row("q2", "query", "otto", ["1"]),
    ]
    assert values(tmp_path, "retrieval", None, {"de": rows})["word_overlap", "de"] == (
        pytest.approx(200 / 3)
    )


def test_spans_follow_the_question_and_not_the_context_alone(tmp_path: Path) -> None:
    def row(index: int) -> dict:
        asked = ("who", "where")[index % 2]
        who, where = f"p{index % 5}", f"city{index % 3}"
        context = f"then {who} went to {where} ."
        answer = who if asked == "who" else where
        start = context.index(answer)
        return {"id": str(index), "context": context, "question": f"{asked} was it ?",
                "answers": [{"text": answer, "start": start}]}  # fmt: skip

    found = values(
        tmp_path, "span", [row(i) for i in range(300)], {"en": [row(i) for i in range(60)]}
    )
    assert found["bag_of_words", "en"] == 100
    assert found["context_only", "en"] < 60
    assert found["question_only", "en"] < 60


def test_an_unanswerable_question_has_no_words_to_find() -> None:
    row = {"id": "1", "context": "", "question": "who ?", "answers": []}
    for view in span.VIEWS:
        assert span.Baseline(view, [row]).predict([row])[0]["prediction"] == ""


def test_the_first_training_examples_are_enough(tmp_path: Path) -> None:
    rows = [
        {"id": str(i), "text_a": "x" if i < 10 else "y", "text_b": None, "label": str(i % 2)}
        for i in range(MAX_TRAIN + 50)
    ]
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS["classification"]), file)

    def num_train(files: list[Path], limit: int) -> int:
        table = baseline_rows(
            files, {"en": file}, target="t", kind="classification", metric="accuracy",
            scorer="", max_train_examples=limit,
        )  # fmt: skip
        (number,) = set(table["num_train"].to_pylist())
        return int(number)

    assert num_train([file], 0) == MAX_TRAIN
    assert num_train([file], 7) == 7
    assert num_train([file, file], 0) == MAX_TRAIN


def test_kinds_with_trivial_baselines_are_those_with_a_module() -> None:
    folder = Path(classification.__file__).parent
    known = {path.stem for path in folder.glob("*.py")} & set(SCHEMAS)
    assert known == set(names_of("trivial_baselines")) == set(METRICS)


# --- what the generated world hides from them ----------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_no_side_of_a_pair_gives_its_label_away(tmp_path: Path, difficulty: str) -> None:
    found = in_english(tmp_path, "classification", "nli", difficulty=difficulty)
    assert max(found["text_a_only"], found["text_b_only"]) < 100 / 3 + 5


@pytest.mark.slow
def test_a_bag_of_words_scores_little_above_chance_on_medium_pairs(tmp_path: Path) -> None:
    found = in_english(tmp_path, "classification", "nli", difficulty="medium")
    # acts that exclude each other are pairs of words
    assert found["bag_of_words"] < 100 / 3 + 15
    # the number of new words is a hint, not the answer
    assert 50 < found["word_overlap"] < 85


@pytest.mark.slow
@pytest.mark.parametrize("view", ["text_a_only", "text_b_only", "bag_of_words", "word_overlap"])
def test_no_view_of_words_detects_a_paraphrase(tmp_path: Path, view: str) -> None:
    assert in_english(tmp_path, "classification", "paraphrase")[view] < 50 + 6


@pytest.mark.slow
@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_no_answer_follows_from_question_or_context_alone(tmp_path: Path, difficulty: str) -> None:
    found = in_english(tmp_path, "span", "qa", difficulty=difficulty)
    assert found["question_only"] < 12
    assert found["context_only"] < 25


@pytest.mark.slow
@pytest.mark.parametrize("generator", ["continuation", "cause_effect"])
def test_no_choice_is_right_by_itself(tmp_path: Path, generator: str) -> None:
    chance = {"continuation": 25, "cause_effect": 50}[generator]
    for difficulty in ("easy", "medium", "hard"):
        found = in_english(tmp_path, "multiple_choice", generator, difficulty=difficulty)
        assert found["choices_only"] < chance + 6, difficulty
