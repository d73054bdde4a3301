from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from xstilts.errors import UserError
from xstilts.readers.squad_json import read_squad

SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
real_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)
CONTEXT = "Der Zug 🚂 nach Köln fährt um neun. Der Bus fährt um neun."


def question(identifier="q1", text="Köln", start=15, **changes):
    entry = {"id": identifier, "question": "Wohin?", "answers": [answer(text, start)]}
    return {key: value for key, value in (entry | changes).items() if value is not None}


def answer(text, start):
    return {"text": text, "answer_start": start}


def write(folder: Path, *questions, name="dev.json") -> Path:
    content = {"version": "1.1", "data": [{"paragraphs": [{"context": CONTEXT, "qas": questions}]}]}
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def read(*paths: Path, **options) -> list[dict]:
    return list(read_squad(paths, "de", **options))


def test_offsets_count_code_points_and_every_answer_is_kept(tmp_path):
    path = write(tmp_path, question(answers=[answer("Köln", 15), answer("nach Köln", 10)]))
    assert read(path) == [
        {
            "id": "q1",
            "context": CONTEXT,
            "question": "Wohin?",
            "answers": [{"text": "Köln", "start": 15}, {"text": "nach Köln", "start": 10}],
        }
    ]


def test_a_bare_list_of_articles_is_read_too(tmp_path):
    path = write(tmp_path, question())
    path.write_text(json.dumps(json.loads(path.read_text())["data"]))
    assert [row["id"] for row in read(path)] == ["q1"]


def test_a_wrong_offset_names_the_text_there_and_the_actual_offsets(tmp_path):
    path = write(tmp_path, question(text="um neun", start=40))
    with pytest.raises(UserError) as caught:
        read(path)
    message = str(caught.value)
    assert "dev.json: data[0].paragraphs[0].qas[0] (id 'q1')" in message
    assert f"has {CONTEXT[40:47]!r} at answer_start 40, not the answer 'um neun'" in message
    first = CONTEXT.index("um neun")
    second = CONTEXT.index("um neun", first + 1)
    assert f"which occurs at {second}, {first}" in message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": "Bonn"}, r"which occurs nowhere"),
        ({"start": -4}, r"has '' at answer_start -4"),
        ({"start": 1000}, r"has '' at answer_start 1000.*occurs at 15"),
        ({"text": "", "start": 0}, r"qas\[0\].*'q1'.*empty answer.*original release"),
        ({"answers": []}, r"'q1'.*: no answer"),
        ({"answers": None}, r"qas\[0\]: no key 'answers'; found: id, question"),
        ({"answers": [{"text": "Köln"}]}, r"'q1'.*no key 'answer_start'"),
        ({"answers": [answer("Köln", "15")]}, r"answer_start: '15' is not of type int"),
        ({"answers": [answer("Köln", True)]}, r"answer_start: True is not of type int"),
        ({"question": None}, r"qas\[0\]: no key 'question'"),
        ({"identifier": 7}, r"id: 7 is not of type str"),
    ],
)
def test_broken_questions_name_the_location(tmp_path, changes, message):
    with pytest.raises(UserError, match=message) as caught:
        read(write(tmp_path, question(**changes)))
    assert "dev.json: data[0].paragraphs[0].qas[0]" in str(caught.value)


def test_an_id_that_occurs_twice_names_both_locations(tmp_path):
    one = write(tmp_path, question("q1"), question("q2"), name="a.json")
    two = write(tmp_path, question("q2"), name="b.json")
    with pytest.raises(UserError, match=r"b\.json.*qas\[0\].*'q2'.*a\.json.*qas\[1\]"):
        read(one, two)


def test_repeated_ids_can_be_made_unique(tmp_path):
    path = write(tmp_path, question("7"), question("7"), question("8"))
    rows = read(path, may_repeat=str.isdigit)
    assert [row["id"] for row in rows] == ["7", "7#2", "8"]
    two = write(tmp_path, question("7"), question("q"), name="b.json")
    assert [row["id"] for row in read(path, two, may_repeat=str.isdigit)][3:] == ["7#3", "q"]
    with pytest.raises(UserError, match="'q' also occurs at"):
        read(two, two, may_repeat=str.isdigit)
    made = write(tmp_path, question("7#2"), question("7"), question("7"))
    with pytest.raises(UserError, match="'7#2' also occurs at"):
        read(made, may_repeat=str.isdigit)


def impossible(identifier="q2", **changes):
    entry = {"id": identifier, "question": "Wann?", "answers": [], "is_impossible": True}
    return {key: value for key, value in (entry | changes).items() if value is not None}


def test_questions_without_an_answer(tmp_path):
    path = write(tmp_path, question() | {"is_impossible": False}, impossible())
    rows = read(path, unanswerable=True)
    assert [len(row["answers"]) for row in rows] == [1, 0]
    with pytest.raises(UserError, match=r"'q2'.*: no answer. Questions without answers are not"):
        read(path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (question(), r"'q1'.*no key 'is_impossible'.*SQuAD v1\.1\?"),
        (question() | {"is_impossible": True}, r"'q1'.*is_impossible, but .* answer 'Köln'"),
        (impossible(is_impossible=False), r"'q2'.*no answer. is_impossible is false"),
        (impossible(is_impossible="yes"), r"is_impossible: 'yes' is neither"),
        (impossible(answers=None), r"no key 'answers'; found: id, question, is_impossible"),
    ],
)
def test_broken_unanswerable_questions_name_the_location(tmp_path, entry, message):
    with pytest.raises(UserError, match=message) as caught:
        read(write(tmp_path, entry), unanswerable=True)
    assert "dev.json: data[0].paragraphs[0].qas[0]" in str(caught.value)


def test_a_truncated_file_names_line_and_character(tmp_path):
    path = write(tmp_path, question())
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1)[:120])
    with pytest.raises(UserError, match=r"dev\.json:\d+: not valid JSON at character \d+ of 120"):
        read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"dev\.json:1: not valid JSON"),
        (b"{}", r"dev\.json: no key 'data'; found: \(nothing\)"),
        (b'{"data": []}', r"dev\.json: no articles"),
        (b'"text"', r"dev\.json: no articles"),
        (b'{"data": [{"title": "a"}]}', r"data\[0\]: no key 'paragraphs'; found: title"),
        (b'{"data": [{"paragraphs": [{"qas": []}]}]}', r"paragraphs\[0\]: no key 'context'"),
        (b'{"data": ["a"]}', r"data\[0\]: no key 'paragraphs'; found: str"),
        (b'{"data": "\xff', r"dev\.json: byte 10 is not UTF-8"),
    ],
)
def test_broken_files_name_the_location(tmp_path, content, message):
    path = tmp_path / "dev.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read(path)


@real_data
@pytest.mark.parametrize(
    "language", ["ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh"]
)
def test_real_xquad(language):
    rows = read(SHARED / f"xquad/xquad.{language}.json")
    assert len({row["id"] for row in rows}) == len(rows) == 1190
    for row in rows:
        assert row["answers"]
        for item in row["answers"]:
            assert row["context"][item["start"] :].startswith(item["text"])


@real_data
def test_real_squad():
    assert len(read(SHARED / "squad/train-v1.1.json")) == 3080
    assert len(read(SHARED / "squad/dev-v1.1.json")) == 1103


@real_data
def test_real_tydiqa_repeats_ids():
    path = SHARED / "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json"
    with pytest.raises(UserError, match="question id"):
        read(path)
    rows = read(path, may_repeat=str.isdigit)
    assert len({row["id"] for row in rows}) == len(rows) == 1500
    assert sum("#" in row["id"] for row in rows) == 1434


@real_data
def test_real_squad_v2():
    numbers = {}
    for name in ("train", "dev"):
        rows = read(SHARED / f"squad_v2/{name}-v2.0.json", unanswerable=True)
        numbers[name] = (len(rows), sum(not row["answers"] for row in rows))
    assert {name: total for name, (total, _) in numbers.items()} == {"train": 2061, "dev": 892}
    assert numbers["dev"][1] == 393


@real_data
@pytest.mark.parametrize(("language", "count"), [("en", 1148), ("de", 512), ("zh", 504)])
def test_real_mlqa(language, count):
    name = f"dev-context-{language}-question-{language}.json"
    assert len(read(SHARED / "mlqa/MLQA_V1/dev" / name)) == count
