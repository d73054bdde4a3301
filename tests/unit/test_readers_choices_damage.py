"""Damaged files of multiple-choice tasks are refused with file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_readers_choices import (
    COPA,
    COPA_XML,
    COSMOS,
    CSQA,
    HELLASWAG,
    SIQA,
    Reader,
    csv_text,
    jsonl,
)

from xstilts.errors import UserError
from xstilts.readers.commonsenseqa import read_commonsenseqa
from xstilts.readers.copa import read_copa
from xstilts.readers.cosmosqa import read_cosmosqa
from xstilts.readers.hellaswag import read_hellaswag
from xstilts.readers.social_iqa import read_social_iqa


def refused(path: Path, data: bytes, reader: Reader, message: str) -> None:
    """Reading a file of these bytes raises an error that matches the pattern."""
    path.write_bytes(data)
    with pytest.raises(UserError, match=message):
        list(reader([path], "en"))


def without(item: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != key}


HISTORY_FILES: dict[str, tuple[Reader, dict[str, Any]]] = {
    "hellaswag": (read_hellaswag, HELLASWAG),
    "cosmosqa": (read_cosmosqa, COSMOS),
    "commonsenseqa": (read_commonsenseqa, CSQA),
    "social_iqa": (read_social_iqa, SIQA | {"correct": "A"}),
    "copa": (read_copa, COPA),
}


@pytest.mark.parametrize("name", HISTORY_FILES)
def test_a_truncated_file_names_its_last_line(tmp_path: Path, name: str) -> None:
    reader, item = HISTORY_FILES[name]
    second = item | {key: "9" for key in ("id", "ind", "idx") if key in item}
    path = jsonl(tmp_path, item, second)
    assert len(list(reader([path], "en"))) == 2
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"d\.jsonl:2: not valid JSON .*fetch it again"):
        list(reader([path], "en"))


@pytest.mark.parametrize("name", HISTORY_FILES)
def test_another_encoding_names_line_and_byte(tmp_path: Path, name: str) -> None:
    reader, item = HISTORY_FILES[name]
    path = tmp_path / "d.jsonl"
    path.write_bytes(json.dumps(item | {"note": "café"}, ensure_ascii=False).encode("latin-1"))
    with pytest.raises(
        UserError, match=r"d\.jsonl:1: byte \d+ of the line \(0xe[49]\) is not UTF-8"
    ):
        list(reader([path], "en"))


@pytest.mark.parametrize("name", HISTORY_FILES)
def test_an_empty_file_and_lines_that_are_not_objects(tmp_path: Path, name: str) -> None:
    reader, _ = HISTORY_FILES[name]
    path = tmp_path / "d.jsonl"
    path.write_text("")
    with pytest.raises(UserError, match=r"d\.jsonl: the file is empty"):
        list(reader([path], "en"))
    path.write_text("[1]\n")
    with pytest.raises(UserError, match=r"d\.jsonl:1: not a JSON object but list"):
        list(reader([path], "en"))


@pytest.mark.parametrize("name", [name for name in HISTORY_FILES if name != "social_iqa"])
def test_an_id_that_occurs_twice_names_both_locations(tmp_path: Path, name: str) -> None:
    reader, item = HISTORY_FILES[name]
    path = jsonl(tmp_path, item, item)
    with pytest.raises(UserError, match=r"d\.jsonl:2: id '.*' also occurs at .*d\.jsonl:1"):
        list(reader([path], "en"))


LETTERED = CSQA["question"]
REFUSED: list[tuple[Reader, dict[str, Any], str]] = [
    (read_hellaswag, without(HELLASWAG, "endings"), "no key 'endings'; found: ind, activity"),
    (read_hellaswag, without(without(HELLASWAG, "ctx_a"), "ctx"), "no key 'ctx'"),
    (read_hellaswag, without(HELLASWAG, "ctx_b"), "no key 'ctx_b'"),
    (read_hellaswag, HELLASWAG | {"endings": ["a"] * 3}, "3 choices, expected 4"),
    (read_hellaswag, HELLASWAG | {"endings": "abcd"}, "'abcd' for choices, expected 4"),
    (read_hellaswag, HELLASWAG | {"endings": ["a", "", "b", "c"]}, "choice 2 is '', not text"),
    (read_hellaswag, HELLASWAG | {"endings": ["a", None, "b", "c"]}, "choice 2 is None"),
    (read_hellaswag, HELLASWAG | {"label": 4}, "'4' is not a known label.* Known: 0, 1, 2, 3"),
    (read_hellaswag, HELLASWAG | {"label": True}, "'True' is not a known label"),
    (read_hellaswag, HELLASWAG | {"label": ""}, r"no label \(''\). Test sets come without"),
    (read_hellaswag, HELLASWAG | {"ctx_a": 5}, "ctx_a is 5, not text"),
    (read_cosmosqa, without(COSMOS, "answer3"), "no key 'answer3'"),
    (read_cosmosqa, COSMOS | {"question": " "}, "question is empty"),
    (read_cosmosqa, COSMOS | {"label": -1}, r"no label \(-1\)"),
    (read_cosmosqa, COSMOS | {"label": "a"}, "'a' is not a known label"),
    (read_commonsenseqa, CSQA | {"question": "Where?"}, "question is 'Where.', not an object"),
    (read_commonsenseqa, without(CSQA, "answerKey"), "no key 'answerKey'. Test sets come without"),
    (read_commonsenseqa, CSQA | {"answerKey": "F"}, "'F' is not a known label.* A, B, C, D, E"),
    (read_commonsenseqa, CSQA | {"question": without(LETTERED, "stem")}, "no key 'stem'"),
    (
        read_commonsenseqa,
        CSQA | {"question": LETTERED | {"choices": LETTERED["choices"][:4]}},
        "the choices are lettered A, B, C, D, expected A, B, C, D, E",
    ),
    (read_commonsenseqa, CSQA | {"question": LETTERED | {"choices": "A"}}, "choices is 'A', not"),
    (read_social_iqa, SIQA, "no label: .* d-labels.lst next to it"),
    (read_social_iqa, SIQA | {"correct": "D"}, "'D' is not a known label.* Known: A, B, C"),
    (read_social_iqa, without(SIQA, "answerB") | {"correct": "A"}, "no key 'answerB'"),
    (
        read_copa,
        COPA | {"question": "efekt"},
        "'efekt' is not a known question. Did you .*effect'",
    ),
    (read_copa, COPA | {"label": 2}, "'2' is not a known label.* Known: 0, 1"),
    (read_copa, without(COPA, "label"), "no key 'label'; found: premise"),
    (read_copa, without(COPA, "premise"), "no key 'premise'"),
]


@pytest.mark.parametrize(("reader", "item", "message"), REFUSED)
def test_a_damaged_line_is_refused_with_file_and_line(
    tmp_path: Path, reader: Reader, item: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=rf"d\.jsonl:1: {message}"):
        list(reader([jsonl(tmp_path, item)], "en"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"d\.csv: the file is empty"),
        (csv_text(), r"d\.csv: a header but no rows"),
        (csv_text(COSMOS).replace("answer3", "answer4"), r"d\.csv:2: no key 'answer3'; found"),
        # the context has a line end, so that the first row takes lines 2 and 3
        (csv_text(COSMOS) + "q2,c,q\n", r"d\.csv:4: 3 columns, expected 8"),
        (csv_text(COSMOS, COSMOS)[:-30], r"d\.csv:4: not a table .*fetch it again"),
        (csv_text(COSMOS | {"label": "7"}), r"d\.csv:2: '7' is not a known label"),
        (csv_text(COSMOS).replace(",label", ""), r"d\.csv:2: 8 columns, expected 7"),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, text: str, message: str) -> None:
    refused(tmp_path / "d.csv", text.encode(), read_cosmosqa, message)


def test_a_table_in_another_encoding(tmp_path: Path) -> None:
    data = csv_text(COSMOS | {"answer0": "café"}).encode("latin-1")
    refused(tmp_path / "d.csv", data, read_cosmosqa, r"d\.csv:3: byte \d+ .* is not UTF-8")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("1\n", r"train\.jsonl: more than 1 lines, but .*train-labels\.lst has 1"),
        ("1\n2\n3\n", r"train\.jsonl: 2 lines, but .*train-labels\.lst has 3"),
        ("1\n4\n", r"train-labels\.lst:2: '4' is not a known label.* Known: 1, 2, 3"),
        ("1\n\n2\n", r"train-labels\.lst:2: the line is empty"),
        ("", r"train-labels\.lst: the file is empty"),
    ],
)
def test_labels_that_do_not_fit_their_file(tmp_path: Path, labels: str, message: str) -> None:
    (tmp_path / "train-labels.lst").write_text(labels)
    paths = [tmp_path / "train-labels.lst", jsonl(tmp_path, SIQA, SIQA, name="train.jsonl")]
    with pytest.raises(UserError, match=message):
        list(read_social_iqa(paths, "en"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"d\.xml: the file is empty"),
        (COPA_XML[:-60], r"d\.xml:\d+: not valid XML"),
        (COPA_XML.replace("UTF-8", "TF-8"), r"d\.xml:1: an encoding that cannot be read"),
        (COPA_XML.replace("UTF-8", "shift_jis"), r"d\.xml:1: an encoding that cannot be read"),
        (COPA_XML.replace("asks-for", "asks"), r"d\.xml:4: no key 'asks-for'; found: id, asks"),
        (COPA_XML.replace('alternative="1"', 'alternative="3"'), r"d\.xml:9: '3' is not a known"),
        (COPA_XML.replace('"cause"', '"reason"'), r"d\.xml:4: 'reason' is not a known question"),
        (COPA_XML.replace("<a2>It was fragile.</a2>", ""), r"d\.xml:4: no key 'choice2'"),
        (COPA_XML.replace("It was fragile.", " "), r"d\.xml:4: choice2 is empty"),
        ("<copa-corpus/>", r"d\.xml: no <item> in it"),
    ],
)
def test_damaged_xml_is_refused(tmp_path: Path, text: str, message: str) -> None:
    refused(tmp_path / "d.xml", text.encode(), read_copa, message)


def test_xml_in_another_encoding(tmp_path: Path) -> None:
    data = COPA_XML.replace("fragile", "fragilé").encode("latin-1")
    refused(tmp_path / "d.xml", data, read_copa, r"d\.xml:7: not valid XML .*another encoding")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("d.xml", "d.jsonl"):
        with pytest.raises(UserError, match=rf"{name}: cannot be read"):
            list(read_copa([tmp_path / name], "en"))
