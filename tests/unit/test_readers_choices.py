"""The readers of multiple-choice releases on valid files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_world import SHARED, needs_shared

from xstilts.data.sources import original_files
from xstilts.readers.commonsenseqa import read_commonsenseqa
from xstilts.readers.copa import read_copa
from xstilts.readers.cosmosqa import read_cosmosqa
from xstilts.readers.hellaswag import read_hellaswag
from xstilts.readers.social_iqa import read_social_iqa
from xstilts.tasks import TASKS

Reader = Callable[[Any, str], Iterator[dict[str, Any]]]

HELLASWAG = {
    "ind": 24,
    "activity_label": "Roof shingle removal",
    "ctx_a": "A man is sitting on a roof.",
    "ctx_b": "he",
    "ctx": "A man is sitting on a roof. he",
    "label": 3,
    "endings": ["wraps.", "rips.", "holds.", "starts."],
}
COSMOS = {
    "id": "q1",
    "context": 'He said: "go",\nthen left.',
    "question": "Why?",
    "answer0": "a",
    "answer1": "b, c",
    "answer2": "d",
    "answer3": "None of the above choices .",
    "label": "1",
}
CSQA = {
    "id": "075e",
    "answerKey": "B",
    "question": {
        "stem": "Where might he go?",
        "choices": [{"label": letter, "text": f"place {letter}"} for letter in "ABCDE"],
    },
}
SIQA = {
    "context": "Tracy had a sandwich.",
    "question": "What next?",
    "answerA": "eat",
    "answerB": "pay",
    "answerC": "run",
}
COPA = {
    "premise": "Mees keeras kraani lahti.",
    "choice1": "Tualett täitus veega.",
    "choice2": "Tilast voolas vett.",
    "question": "effect",
    "label": 1,
    "idx": 0,
    "changed": False,
}
COPA_XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE copa-corpus SYSTEM "copa.dtd">
<copa-corpus version="1.0">
<item id="501" asks-for="cause" most-plausible-alternative="2">
<p>The item was packaged in bubble wrap.</p>
<a1>It was small &amp; cheap.</a1>
<a2>It was fragile.</a2>
</item>
<item id="502" asks-for="effect" most-plausible-alternative="1">
<p>I emptied my pockets.</p><a1>I found a ticket.</a1><a2>I found a weapon.</a2>
</item>
</copa-corpus>
"""


def jsonl(folder: Path, *items: dict[str, Any], name: str = "d.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in items), "utf-8")
    return path


def csv_text(*items: dict[str, Any]) -> str:
    def cell(value: Any) -> str:
        return '"' + str(value).replace('"', '""') + '"'

    lines = [",".join(COSMOS), *(",".join(map(cell, item.values())) for item in items)]
    return "".join(f"{line}\n" for line in lines)


# --- what is read ------------------------------------------------------------------------------


def test_hellaswag_endings_begin_with_the_unfinished_sentence(tmp_path: Path) -> None:
    wikihow = HELLASWAG | {"ind": 25, "ctx_a": "How to swim.", "ctx_b": "", "label": "0"}
    rows = list(read_hellaswag([jsonl(tmp_path, HELLASWAG, wikihow)], "en"))
    assert rows == [
        {
            "id": "24",
            "context": "A man is sitting on a roof.",
            "question": None,
            "choices": ["he wraps.", "he rips.", "he holds.", "he starts."],
            "label": 3,
        },
        {
            "id": "25",
            "context": "How to swim.",
            "question": None,
            "choices": ["wraps.", "rips.", "holds.", "starts."],
            "label": 0,
        },
    ]


def test_hellaswag_with_the_whole_context_alone(tmp_path: Path) -> None:
    item = {key: HELLASWAG[key] for key in ("ind", "ctx", "endings", "label")}
    (row,) = read_hellaswag([jsonl(tmp_path, item)], "en")
    assert row["context"] == "A man is sitting on a roof. he"
    assert row["choices"] == HELLASWAG["endings"]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_cosmosqa_as_table_and_as_json_lines(tmp_path: Path, form: str) -> None:
    items = (COSMOS, COSMOS | {"id": "q2", "label": "3", "context": "plain"})
    path = jsonl(tmp_path, *(r | {"label": int(r["label"])} for r in items))
    if form == "csv":
        path = tmp_path / "train.csv"
        path.write_text(csv_text(*items), "utf-8")
    first, second = read_cosmosqa([path], "en")
    assert first == {
        "id": "q1",
        "context": 'He said: "go",\nthen left.',
        "question": "Why?",
        "choices": ["a", "b, c", "d", "None of the above choices ."],
        "label": 1,
    }
    assert (second["id"], second["context"], second["label"]) == ("q2", "plain", 3)


def test_commonsenseqa_choices_follow_their_letters(tmp_path: Path) -> None:
    question = CSQA["question"] | {"choices": CSQA["question"]["choices"][::-1]}
    (row,) = read_commonsenseqa([jsonl(tmp_path, CSQA | {"question": question})], "en")
    assert row == {
        "id": "075e",
        "context": "",
        "question": "Where might he go?",
        "choices": [f"place {letter}" for letter in "ABCDE"],
        "label": 1,
    }


def test_social_iqa_labels_inside_or_in_a_second_file(tmp_path: Path) -> None:
    inside = jsonl(tmp_path, SIQA | {"correct": "C"}, SIQA | {"correct": "A"}, name="trn.jsonl")
    bare = jsonl(tmp_path, SIQA, SIQA, name="train.jsonl")
    labels = tmp_path / "train-labels.lst"
    labels.write_text("3\n1\n")
    rows = list(read_social_iqa([inside], "en"))
    assert rows == list(read_social_iqa([labels, bare], "en"))
    assert rows[0] == {
        "id": "0",
        "context": "Tracy had a sandwich.",
        "question": "What next?",
        "choices": ["eat", "pay", "run"],
        "label": 2,
    }
    assert [row["label"] for row in rows] == [2, 0]
    both = list(read_social_iqa([inside, labels, bare], "en"))
    assert [row["id"] for row in both] == ["0", "1", "2", "3"]


def test_copa_asks_in_english_words(tmp_path: Path) -> None:
    cause = COPA | {"idx": 7, "question": "cause", "label": 0}
    first, second = read_copa([jsonl(tmp_path, COPA, cause)], "et")
    assert first == {
        "id": "0",
        "context": "Mees keeras kraani lahti.",
        "question": "What was the effect?",
        "choices": ["Tualett täitus veega.", "Tilast voolas vett."],
        "label": 1,
    }
    assert (second["id"], second["question"], second["label"]) == ("7", "What was the cause?", 0)


def test_copa_in_its_original_xml(tmp_path: Path) -> None:
    path = tmp_path / "copa-test.xml"
    path.write_text(COPA_XML, "utf-8")
    first, second = read_copa([path], "en")
    assert first == {
        "id": "501",
        "context": "The item was packaged in bubble wrap.",
        "question": "What was the cause?",
        "choices": ["It was small & cheap.", "It was fragile."],
        "label": 1,
    }
    assert (second["id"], second["label"]) == ("502", 0)


@pytest.mark.parametrize(
    ("split", "files"),
    [
        ("train", ["social_iqa/train-labels.lst", "social_iqa/train.jsonl"]),
        ("validation", ["socialIQa_v1.4/dev-labels.lst", "socialIQa_v1.4/dev.jsonl"]),
        ("train", ["siqa/socialIQa_v1.4_trn.jsonl"]),
    ],
)
def test_social_iqa_finds_the_labels_with_their_file(
    tmp_path: Path, split: Any, files: list[str]
) -> None:
    folder = tmp_path / files[0].split("/")[0]
    folder.mkdir()
    for name in (
        *(f"{tmp_path}/{file}" for file in files),
        folder / "README",
        folder / "tst.jsonl",
    ):
        Path(name).touch()
    found = original_files(TASKS["social_iqa"], tmp_path, "en", split)
    assert [file.relative_to(tmp_path).as_posix() for file in found] == files


# --- real files --------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    ("task", "split", "num_rows", "num_choices"),
    [
        ("hellaswag", "train", 2200, 4),
        ("hellaswag", "validation", 500, 4),
        ("cosmosqa", "train", 1788, 4),
        ("cosmosqa", "validation", 449, 4),
        ("commonsenseqa", "train", 3000, 5),
        ("commonsenseqa", "validation", 700, 5),
        ("copa", "train", 400, 2),
        ("copa", "validation", 100, 2),
        ("xcopa", "validation", 100, 2),
        ("xcopa", "test", 500, 2),
    ],
)
def test_real_files_have_the_declared_sizes(
    task: str, split: Any, num_rows: int, num_choices: int
) -> None:
    for language in TASKS[task].languages:
        files = original_files(TASKS[task], SHARED, language, split)
        rows = list(TASKS[task].read(files, language))
        assert len(rows) == num_rows
        assert {len(row["choices"]) for row in rows} == {num_choices}
        counts = Counter(row["label"] for row in rows)
        assert set(counts) == set(range(num_choices))
        assert min(counts.values()) > 0.8 * num_rows / num_choices


@needs_shared
def test_languages_of_xcopa_share_ids_and_labels() -> None:
    def read(language: str) -> list[dict[str, Any]]:
        files = original_files(TASKS["xcopa"], SHARED, language, "test")
        return list(TASKS["xcopa"].read(files, language))

    first, *others = (read(language) for language in TASKS["xcopa"].languages)
    for rows in others:
        for key in ("id", "label"):
            assert [row[key] for row in rows] == [row[key] for row in first]
