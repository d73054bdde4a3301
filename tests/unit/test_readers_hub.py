"""Readers of the hub's Parquet files: labels by name, and one error for each kind of damage."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub_files import write_parquet
from xstilts.data.text import TextFiles, plain_text
from xstilts.errors import UserError
from xstilts.readers.hub_choices import read_choices
from xstilts.readers.hub_parquet import read_pairs, read_questions, read_tags, read_translations
from xstilts.readers.hub_table import Table

if TYPE_CHECKING:
    from pathlib import Path

XTREME = ("contradiction", "entailment", "neutral")
HUB = ("entailment", "neutral", "contradiction")


def pairs(path: Path, values: list[Any], features: dict[str, Any] | None = None) -> Path:
    rows = [{"premise": f"p{i}", "hypothesis": "h", "label": v} for i, v in enumerate(values)]
    return write_parquet(path, rows, features)


def class_label(names: tuple[str, ...]) -> dict[str, Any]:
    return {"label": {"names": list(names), "_type": "ClassLabel"}}


def labels_of(path: Path, **options: Any) -> list[str]:
    return [row["label"] for row in read_pairs([path], "en", labels=XTREME, **options)]


def test_numbers_are_named_by_the_hubs_order_not_by_the_tasks(tmp_path):
    file = pairs(tmp_path / "a.parquet", [0, 1, 2])
    assert labels_of(file, names=HUB) == list(HUB)
    with pytest.raises(UserError, match=r"the label is the number 0, but neither .* names"):
        labels_of(file)


def test_the_files_own_names_win(tmp_path):
    names = ("neutral", "contradiction", "entailment")
    file = pairs(tmp_path / "a.parquet", [0, 1, 2], class_label(names))
    assert labels_of(file, names=HUB) == list(names)


def test_labels_as_text(tmp_path):
    assert labels_of(pairs(tmp_path / "a.parquet", list(HUB))) == list(HUB)
    assert labels_of(pairs(tmp_path / "b.parquet", ["2", "0"]), names=HUB) == [
        "contradiction",
        "entailment",
    ]


def test_labels_of_another_name(tmp_path):
    file = pairs(tmp_path / "a.parquet", [1, 0], class_label(("not_duplicate", "duplicate")))
    renamed = {"not_duplicate": "0", "duplicate": "1"}
    rows = read_pairs([file], "en", labels=("0", "1"), renamed=renamed)
    assert [row["label"] for row in rows] == ["1", "0"]


def test_numbers_that_are_the_tasks_names_are_still_mapped(tmp_path):
    file = pairs(tmp_path / "a.parquet", [0, 1], class_label(("1", "0")))
    rows = read_pairs([file], "en", labels=("0", "1"))
    assert [row["label"] for row in rows] == ["1", "0"]


def test_pairs_without_label_are_left_out_but_counted(tmp_path):
    file = pairs(tmp_path / "a.parquet", [0, -1, 1])
    rows = list(read_pairs([file], "en", labels=XTREME, names=HUB))
    assert [row["id"] for row in rows] == ["0", "2"]
    with pytest.raises(UserError, match="no labelled row in 'en' among 2"):
        labels_of(pairs(tmp_path / "b.parquet", [-1, -1]), names=HUB)


def test_several_files_and_a_column_with_the_language(tmp_path):
    rows = [
        {"language": code, "sentence1": f"{code}{i}", "sentence2": "b", "gold_label": "neutral"}
        for i in range(2)
        for code in ("de", "fr")
    ]
    files = [write_parquet(tmp_path / f"{n}.parquet", rows) for n in range(2)]
    options = {"columns": ("sentence1", "sentence2", "gold_label"), "language_column": "language"}
    found = list(read_pairs(files, "fr", labels=XTREME, **options))
    assert [(row["id"], row["text_a"]) for row in found] == [
        ("0", "fr0"),
        ("1", "fr1"),
        ("2", "fr0"),
        ("3", "fr1"),
    ]
    with pytest.raises(
        UserError, match=r"'sw' is not a known language of this file\. Known: de, fr"
    ):
        list(read_pairs(files, "sw", labels=XTREME, **options))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 3], r"row 1: column 'label': 3 is not a known label number"),
        (["neutrall"], r"row 0: .* 'neutrall' is not a known label\. Did you mean 'neutral'"),
    ],
)
def test_labels_that_do_not_exist(tmp_path, values, message):
    with pytest.raises(UserError, match=message):
        labels_of(pairs(tmp_path / "a.parquet", values), names=HUB)


def test_truncated_files_and_files_of_another_format(tmp_path):
    file = pairs(tmp_path / "a.parquet", [0, 1, 2])
    with pytest.raises(
        UserError, match=r"'premis' is not a known column .* Did you mean 'premise'"
    ):
        labels_of(file, columns=("premis", "hypothesis", "label"))
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(UserError, match=r"a\.parquet: not a complete Parquet file"):
        labels_of(file)
    with pytest.raises(UserError, match=r"none\.parquet: not a complete Parquet file"):
        labels_of(tmp_path / "none.parquet")
    with pytest.raises(UserError, match="'premise' is None, not text"):
        row = {"premise": None, "hypothesis": "h", "label": 0}
        labels_of(write_parquet(tmp_path / "b.parquet", [row]), names=HUB)


@pytest.mark.parametrize(
    "feature",
    [
        {"feature": {"names": ["O", "B"], "_type": "ClassLabel"}, "_type": "Sequence"},
        {"feature": {"names": ["O", "B"], "_type": "ClassLabel"}, "length": -1, "_type": "List"},
        [{"names": ["O", "B"], "_type": "ClassLabel"}],
    ],
    ids=["sequence", "list", "plain list"],
)
def test_tag_names_in_every_form(tmp_path, feature):
    rows = [{"tokens": ["a", "b"], "ner_tags": [0, 1]}]
    file = write_parquet(tmp_path / "a.parquet", rows, {"ner_tags": feature})
    [found] = read_tags([file], "en", labels=("B", "O"))
    assert found == {"id": "0", "tokens": ["a", "b"], "tags": ["O", "B"]}


def test_metadata_without_features(tmp_path):
    file, table = tmp_path / "[a].parquet", pa.table({"label": [0]})
    pq.write_table(table.replace_schema_metadata({"huggingface": b"{}"}), file)
    with Table(file) as opened:
        assert opened.names("label") == ()
        assert [row for _, row in opened.rows(["label"])] == [{"label": 0}]
    pq.write_table(table.replace_schema_metadata({"huggingface": b"no json"}), file)
    with pytest.raises(UserError, match=r"\[a\]\.parquet: not a complete Parquet file"):
        Table(file)


def test_a_file_is_read_without_a_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    rows = [{"text": f"{i} " * 200} for i in range(5_000)]
    with Table(write_parquet(tmp_path / "a.parquet", rows)) as table:
        assert [row for _, row in table.rows(["text"])] == rows
        written = [file for file in (tmp_path / "scratch").rglob("*") if file.is_file()]
        assert sum(file.stat().st_size for file in written) == 0
    assert not (tmp_path / "cache").exists()
    assert not list((tmp_path / "scratch").iterdir())


def test_sentences_with_more_tokens_than_tags(tmp_path):
    file = write_parquet(tmp_path / "a.parquet", [{"tokens": ["a", "b"], "ner_tags": [0]}])
    with pytest.raises(UserError, match="row 0: 2 tokens and 1 tags"):
        list(read_tags([file], "en", labels=("O",), names=("O",)))


def question(identifier: str, context: str, *answers: tuple[str, int]) -> dict[str, Any]:
    texts = {"text": [text for text, _ in answers], "answer_start": [at for _, at in answers]}
    return {"id": identifier, "context": context, "question": "?", "answers": texts}


def questions(path: Path, *rows: dict[str, Any]) -> Path:
    kind = pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])
    return write_parquet(path, rows, types={"answers": kind})


def test_answers_must_be_at_their_offsets(tmp_path):
    file = questions(tmp_path / "a.parquet", question("q", "one two", ("two", 6)))
    with pytest.raises(UserError, match=r"row 0 \(id 'q'\): .*'o' at answer_start 6, not .*'two'"):
        list(read_questions([file], "en"))
    [moved] = read_questions([file], "en", stripped=True)
    assert moved["answers"] == [{"text": "two", "start": 4}]


def test_all_answers_of_a_question_move_together(tmp_path):
    row = question("q", "ab ab ab", ("ab", 5), ("ab ab", 5))
    [moved] = read_questions([questions(tmp_path / "a.parquet", row)], "en", stripped=True)
    assert [answer["start"] for answer in moved["answers"]] == [3, 3]
    row = question("q", "ab ab ab", ("ab", 5), ("ab ab ab", 3))
    with pytest.raises(UserError, match="not the answer"):
        list(read_questions([questions(tmp_path / "b.parquet", row)], "en", stripped=True))


def test_questions_without_answer(tmp_path):
    file = questions(tmp_path / "a.parquet", question("q", "one"), question("r", "one", ("one", 0)))
    with pytest.raises(UserError, match="no answer, which is not part of this task"):
        list(read_questions([file], "en"))
    assert [len(r["answers"]) for r in read_questions([file], "en", unanswerable=True)] == [0, 1]


def test_questions_of_one_language_by_their_ids(tmp_path):
    rows = [question(f"{name}-1", "one", ("one", 0)) for name in ("swahili", "english")]
    file = questions(tmp_path / "a.parquet", *rows)
    prefixes = {"sw": "swahili-", "en": "english-", "fi": "finnish-"}
    [found] = read_questions([file], "sw", id_prefix=prefixes)
    assert found["id"] == "swahili-1"
    with pytest.raises(UserError, match="no question in 'fi'"):
        list(read_questions([file], "fi", id_prefix=prefixes))


def test_an_id_that_occurs_twice(tmp_path):
    row = question("q", "one", ("one", 0))
    with pytest.raises(UserError, match=r"row 1 \(id 'q'\): an earlier question has the same id"):
        list(read_questions([questions(tmp_path / "a.parquet", row, row)], "en"))


def test_answers_as_a_list_of_structs(tmp_path):
    row = question("q", "one") | {"answers": [{"text": "one", "answer_start": 0}]}
    [found] = read_questions([write_parquet(tmp_path / "a.parquet", [row])], "en")
    assert found["answers"] == [{"text": "one", "start": 0}]


def test_an_empty_sentence_of_a_pair(tmp_path):
    rows = [{"source_sentence": "\n", "target_sentence": "A\n"}]
    with pytest.raises(UserError, match="row 0: 'source_sentence' is empty"):
        list(read_translations([write_parquet(tmp_path / "a.parquet", rows)], "de"))


def choices(tmp_path: Path, row: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    return list(read_choices([write_parquet(tmp_path / "a.parquet", [row])], "en", **options))


def test_choices_in_columns_in_a_list_and_in_a_struct(tmp_path):
    row = {"id": "1", "context": "c", "question": "q", "a": "x", "b": "y", "label": 1}
    expected = {"id": "1", "context": "c", "question": "q", "choices": ["x", "y"], "label": 1}
    assert choices(tmp_path, row, choices=("a", "b"), names=("0", "1")) == [expected]
    row = {"ind": 7, "ctx_a": "c", "ctx_b": "She", "endings": ["x", "y"], "label": "0"}
    options = {"context": "ctx_a", "question": None, "identifier": "ind", "opening": "ctx_b"}
    [found] = choices(tmp_path, row, choices="endings", names=("0", "1"), **options)
    assert (found["id"], found["question"], found["choices"]) == ("7", None, ["She x", "She y"])
    lettered = {"label": ["B", "A"], "text": ["y", "x"]}
    row = {"id": "1", "question": "q", "choices": lettered, "answerKey": "B"}
    options = {"context": None, "label": "answerKey", "names": ("A", "B")}
    [found] = choices(tmp_path, row, choices="choices", **options)
    assert (found["context"], found["choices"], found["label"]) == ("", ["x", "y"], 1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"label": -1}, "no label. Test sets"),
        ({"label": 2}, "'2' is not a known label"),
        ({"b": " "}, "a choice is ' ', not text"),
        ({"question": "because"}, "'because' is not a known question.* mean 'cause'"),
    ],
)
def test_choices_that_are_wrong(tmp_path, changed, message):
    row = {"id": "1", "context": "c", "question": "cause", "a": "x", "b": "y", "label": 1}
    options = {"choices": ("a", "b"), "names": ("0", "1"), "questions": {"cause": "Why?"}}
    assert choices(tmp_path, row, **options)[0]["question"] == "Why?"
    with pytest.raises(UserError, match=message):
        choices(tmp_path, row | changed, **options)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"text": "NA", "n": 1}\n{"text": "007", "n": 2}\n'),
        ("a.json", '[{"text": "NA", "n": 1}, {"text": "007", "n": 2}]'),
        ("a.csv", "n,text\n1,NA\n2,007\n"),
        ("a.tsv", "n\ttext\n1\tNA\n2\t007\n"),
    ],
)
def test_text_of_other_tables_is_unchanged(tmp_path, name, content):
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    assert [row["text"] for row in plain_text([TextFiles((file,))])] == ["NA", "007"]
    with pytest.raises(UserError, match="'texts' is not a known column"):
        list(plain_text([TextFiles((file,), "texts")]))


def test_text_of_a_parquet_column_line_by_line(tmp_path):
    documents = [{"title": "A", "text": "One.\n\n Two. "}, {"title": "B", "text": "One.\nThree."}]
    file = write_parquet(tmp_path / "wiki.parquet", documents)
    plain = tmp_path / "more.txt"
    plain.write_text("Two.\nFour.\n", encoding="utf-8")
    sources = [TextFiles((file,)), TextFiles((plain,))]
    rows = list(plain_text(sources))
    assert [row["text"] for row in rows] == ["One.", "Two.", "Three.", "Four."]
    assert [row["id"] for row in rows] == ["0", "1", "2", "3"]
    limited = plain_text([TextFiles((file,), limit=2), TextFiles((plain,), limit=1)])
    assert [row["text"] for row in limited] == ["One.", "Two.", "Four."]
    assert [row["text"] for row in plain_text([TextFiles((file,), "title")])] == ["A", "B"]
    with pytest.raises(UserError, match="'texts' is not a known column"):
        list(plain_text([TextFiles((file,), "texts")]))
