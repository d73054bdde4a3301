"""Readers of declared tasks: every kind in every format, by columns of the user's own."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from hub_files import write_parquet
from xstilts.config.own_task import OwnTask
from xstilts.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.kinds import Row


def rows_of(path: Path, content: str | bytes, language: str = "en", **declared: Any) -> list[Row]:
    """The rows of a declared task whose only file has this content."""
    if isinstance(content, str):
        content = content.encode()
    if content:
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    languages = declared.pop("languages", ["en"])
    own = OwnTask.model_validate(
        {"files": {"train": str(path)}, "languages": languages, **declared}
    )
    return list(own.task("mine").read([path], language))


RECORDS = [{"t": 'He said "no",\nthen left.', "y": 0}, {"t": "007", "y": 1}]
CSV = 'y,t\n0,"He said ""no"",\nthen left."\n1,007\n'
TEXTS = {
    "a.csv": CSV,
    "a.csv.gz": CSV,
    "a.tsv": CSV.replace(",", "\t").replace('""\t\n', '"",\n'),
    "a.json": json.dumps(RECORDS, indent=1),
    "b.json": json.dumps({"data": RECORDS}),
    "c.json": "\n".join(map(json.dumps, RECORDS)),
    "a.jsonl": "\n".join(map(json.dumps, RECORDS)) + "\n",
    "a.jsonl.gz": "\n".join(map(json.dumps, RECORDS)),
}
LABELS = {0: "negative", 1: "positive"}


@pytest.mark.parametrize("name", TEXTS)
def test_one_text_in_every_format_with_labels_by_number(tmp_path, name):
    found = rows_of(
        tmp_path / name,
        TEXTS[name],
        kind="classification",
        columns={"text": "t", "label": "y"},
        labels=LABELS,
    )
    assert [(row["text_a"], row["text_b"], row["label"]) for row in found] == [
        ('He said "no",\nthen left.', None, "negative"),
        ("007", None, "positive"),
    ]


@pytest.mark.parametrize(
    ("labels", "features", "expected"),
    [
        (LABELS, {}, ["negative", "positive"]),
        ({"neg": "bad", "pos": "good"}, {"names": ["neg", "pos"]}, ["bad", "good"]),
        (["neg", "pos"], {"names": ["neg", "pos"]}, ["neg", "pos"]),
        ([0, 1], {}, ["0", "1"]),
        ([], {}, ["0", "1"]),
    ],
)
def test_numbers_in_parquet(tmp_path, labels, features, expected):
    named = {"y": features | {"_type": "ClassLabel"}} if features else None
    file = write_parquet(tmp_path / "a.parquet", RECORDS, named)
    columns = {"text": "t", "label": "y"}
    found = rows_of(file, "", kind="classification", columns=columns, labels=labels)
    assert [row["label"] for row in found] == expected


def test_labels_that_mean_no_label_elsewhere(tmp_path):
    options: dict[str, Any] = {"kind": "classification", "labels": [-1, 0, 1]}
    found = rows_of(tmp_path / "a.csv", "text,label\na,-1\nb,1\n", **options)
    assert [row["label"] for row in found] == ["-1", "1"]


def test_pairs_of_texts_and_a_column_with_the_language(tmp_path):
    content = "lang,p,h,label\neng,a,b,x\nswa,c,d,y\n"
    declared: dict[str, Any] = {
        "kind": "classification",
        "columns": {"text_a": "p", "text_b": "h", "language": "lang"},
        "languages": ["en", "sw"],
        "codes": {"en": "eng", "sw": "swa"},
    }
    found = rows_of(tmp_path / "a.csv", content, "sw", **declared)
    assert found == [{"id": "0", "text_a": "c", "text_b": "d", "label": "y"}]
    with pytest.raises(UserError, match=r"'swa' is not a known language of this file\. Known: eng"):
        rows_of(tmp_path / "b.csv", content.replace("swa", "eng"), "sw", **declared)


def test_quotation_marks_as_text(tmp_path):
    content = 'text\tlabel\n"Wait" he said\tx\n"Open\ty\n'
    found = rows_of(tmp_path / "a.tsv", content, kind="classification", quoted=False)
    assert [row["text_a"] for row in found] == ['"Wait" he said', '"Open']
    with pytest.raises(UserError, match=r"a\.tsv:2: not a complete row .*`quoted: false`"):
        rows_of(tmp_path / "a.tsv", content, kind="classification")


CONLL = "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n"
CONLLU = "1\tdu\t_\tADP\tP\t_\t2\tcase\t_\t_\n2\tpain\t_\tNOUN\tN\t_\t0\troot\t_\t_\n\n"


@pytest.mark.parametrize(
    ("name", "content", "declared", "tokens", "tags"),
    [
        ("a.txt", "EU B-ORG\nrejects O\n", {}, "EU rejects", "B-ORG O"),
        ("a.tsv", "EU\tB-ORG\nrejects\tO\n", {}, "EU rejects", "B-ORG O"),
        ("a.conll", CONLL, {"columns": {"tokens": 1, "tags": 4}}, "EU rejects", "B-ORG O"),
        ("a.conll.gz", CONLL, {"columns": {"tags": 4}}, "EU rejects", "B-ORG O"),
        ("a.conllu", CONLLU, {}, "du pain", "ADP NOUN"),
        ("a.conllu", CONLLU, {"columns": {"tags": "xpos"}}, "du pain", "P N"),
        ("a.csv", "w,tags\ndu pain,P N\n", {"columns": {"tokens": "w"}}, "du pain", "P N"),
        ("a.jsonl", '{"w": ["du", "pain"], "t": [0, 1]}\n', {"columns": {"tokens": "w", "tags":
         "t"}, "labels": {0: "P", 1: "N"}}, "du pain", "P N"),
    ],
)  # fmt: skip
def test_tagged_words(tmp_path, name, content, declared, tokens, tags):
    [found] = rows_of(tmp_path / name, content, kind="tagging", **declared)
    assert (found["tokens"], found["tags"]) == (tokens.split(), tags.split())


def test_mistakes_in_tagged_words_have_a_line(tmp_path):
    declared: dict[str, Any] = {"kind": "tagging", "labels": ["O", "B-ORG"], "columns": {"tags": 4}}
    with pytest.raises(UserError, match=r"a\.conll:3: 'B-ORGS' .* Did you mean 'B-ORG'"):
        rows_of(tmp_path / "a.conll", CONLL.replace("B-ORG", "B-ORGS"), **declared)
    with pytest.raises(UserError, match=r"a\.conll:3: 3 columns, but the task names column 4"):
        rows_of(tmp_path / "a.conll", CONLL.replace(" B-ORG", ""), **declared)


ANSWERS = {"text": ["two"], "answer_start": [4]}
QUESTION = {"id": "q1", "context": "one two", "question": "Which?"}


@pytest.mark.parametrize(
    ("name", "content", "declared"),
    [
        ("a.jsonl", json.dumps(QUESTION | {"answers": ANSWERS}), {}),
        ("a.csv", "q,ctx,a,at\nWhich?,one two,two,4\n", {"columns": {"question": "q", "context":
         "ctx", "answer": "a", "start": "at"}}),
        ("a.json", json.dumps({"data": [{"title": "t", "paragraphs": [{"context": "one two", "qas":
         [{"id": "q1", "question": "Which?", "answers": [{"text": "two", "answer_start": 4}]}]}]}
         ]}), {}),
    ],
)  # fmt: skip
def test_questions(tmp_path, name, content, declared):
    [found] = rows_of(tmp_path / name, content, kind="span", **declared)
    assert (found["question"], found["answers"]) == ("Which?", [{"text": "two", "start": 4}])


def test_questions_without_answer(tmp_path):
    content = "question,context,answer,start\nWhich?,one two,,\n"
    declared: dict[str, Any] = {"kind": "span", "columns": {"answer": "answer"}}
    [found] = rows_of(tmp_path / "a.csv", content, unanswerable=True, **declared)
    assert found["answers"] == []
    with pytest.raises(UserError, match=r"a\.csv:2 .*: no answer, which is not part of this task"):
        rows_of(tmp_path / "a.csv", content, **declared)


@pytest.mark.parametrize(
    ("name", "content", "declared"),
    [
        ("a.csv", "q,a,b,label\nWhich?,x,y,1\n", {"columns": {"question": "q", "choices": ["a",
         "b"]}}),
        ("a.jsonl", '{"q": "Which?", "choices": ["x", "y"], "gold": "B"}', {"columns": {"question":
         "q", "label": "gold"}, "labels": ["A", "B"]}),
        ("a.jsonl", '{"q": "Which?", "c": {"label": ["A", "B"], "text": ["x", "y"]}, "label": "B"}',
         {"columns": {"question": "q", "choices": "c"}, "labels": ["A", "B"]}),
    ],
)  # fmt: skip
def test_choices(tmp_path, name, content, declared):
    [found] = rows_of(tmp_path / name, content, kind="multiple_choice", **declared)
    assert (found["choices"], found["label"], found["question"]) == (["x", "y"], 1, "Which?")


def test_translations_and_sides(tmp_path):
    content = "sw,en\nMoja,One\nMbili,Another\n"
    columns = {"text": "sw", "translation": "en"}
    found = rows_of(tmp_path / "a.csv", content, kind="retrieval", columns=columns)
    assert [(row["side"], row["text"], row["matches"]) for row in found] == [
        ("candidate", "Moja", []),
        ("candidate", "Mbili", []),
        ("query", "Another", ["1"]),
        ("query", "One", ["0"]),
    ]
    sides = [
        {"id": "q", "side": "query", "text": "Which?", "matches": ["2", "3"]},
        *({"id": str(n), "side": "candidate", "text": f"c{n}", "matches": []} for n in range(4)),
    ]
    lines = "\n".join(map(json.dumps, sides))
    for kind in ("ranking", "mining"):
        found = rows_of(tmp_path / "a.jsonl", lines, kind=kind)
        assert sorted(found, key=lambda row: row["side"] != "query") == sides
    assert rows_of(tmp_path / "a.jsonl", lines, kind="retrieval", columns={"id": "id"}) == found
    wrong = lines.replace('"3"]', '"4"]')
    with pytest.raises(UserError, match=r"a\.jsonl:1: no candidate has the id '4'"):
        rows_of(tmp_path / "a.jsonl", wrong, kind="ranking")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "text,label\na\n", r"a\.csv:2: 1 cells, but the header has 2"),
        ("a.csv", "text,label\n", "no labelled row in 'en' among 0"),
        (
            "a.jsonl",
            '{"text": "a", "label": "x"}\n{"text": "b", "lab',
            r"a\.jsonl:2: not valid JSON",
        ),
        ("a.jsonl", '{"text": "a", "label": "x"}\n{"label": "x"}\n', r"a\.jsonl:2: 'text' is None"),
        ("a.json", '[{"text": "a"', r"a\.json:1: not valid JSON"),
        ("a.json", "[1]", r"a\.json: row 0: not a JSON object but int"),
        ("a.csv", b"text,label\n\xff,x\n", r"a\.csv:2: byte 1 of the line \(0xff\) is not UTF-8"),
    ],
)
def test_damaged_tables(tmp_path, name, content, message):
    with pytest.raises(UserError, match=message):
        rows_of(tmp_path / name, content, kind="classification")


def test_a_cut_compressed_file(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CSV.encode() * 50)[:-20])
    with pytest.raises(UserError, match=r"a\.csv\.gz: cannot be read"):
        rows_of(
            tmp_path / "a.csv.gz", "", kind="classification", columns={"text": "t", "label": "y"}
        )
