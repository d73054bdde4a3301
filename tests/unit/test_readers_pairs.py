"""Training pairs of dual encoders: Mewsli-X's from Wikipedia, and questions of SQuAD."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from engine_world import SHARED, needs_shared
from test_readers_mewslix import ANN, AT, KOELN, SPANS, TEXT, entity, mention

from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.readers.mewslix import read_wikipedia_pairs
from xstilts.readers.sentence_breaks import sentence_breaks
from xstilts.readers.squad_pairs import read_squad_pairs
from xstilts.tasks import TASKS

# --- Mewsli-X -----------------------------------------------------------------------------------

COLOGNE = entity("Q365", "Cologne is a city. It is old.", 18, 29)
NAME = entity("Q7", "Ann.\nA name.", 4)


def pair(found: dict, described: dict, **changes: object) -> dict[str, Any]:
    context = {"language": "en", "text": TEXT, "sentence_spans": SPANS} | changes
    return {"contextual_mention": {"context": context, "mention": found}, "entity": described}


def write_pairs(folder: Path, items: list[dict]) -> list[Path]:
    path = folder / "wikipedia_pairs-train.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return [path]


def test_an_entity_occurs_once_before_its_mentions(tmp_path):
    again = mention("m3", "Q365", AT, AT + 4, "Köln")
    paths = write_pairs(tmp_path, [pair(KOELN, COLOGNE), pair(ANN, NAME), pair(again, COLOGNE)])
    koeln = "Köln: Kopf Das (alte) Haus in { Köln } brennt."
    assert list(read_wikipedia_pairs(paths, "en")) == [
        {"id": "Q365", "side": "candidate", "text": "Cologne is a city. It is old.", "matches": []},
        {"id": "m1", "side": "query", "text": koeln, "matches": ["Q365"]},
        {"id": "Q7", "side": "candidate", "text": "Ann.", "matches": []},
        {"id": "m2", "side": "query", "text": "Ann: { Ann } lief.", "matches": ["Q7"]},
        {"id": "m3", "side": "query", "text": koeln, "matches": ["Q365"]},
    ]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([pair(KOELN, COLOGNE), {"entity": COLOGNE}], r"jsonl:2: no key 'contextual_mention'"),
        ([{"contextual_mention": {}}], r"jsonl:1: contextual_mention: no key 'context'"),
        ([pair({}, COLOGNE)], r"jsonl:1: mention: no key 'example_id'"),
        ([{**pair(KOELN, COLOGNE), "entity": {}}], r"jsonl:1: entity: no key 'entity_id'"),
        (
            [pair(KOELN, COLOGNE, language="de")],
            r"jsonl:1: an article in 'de', but 'en' is expected",
        ),
        ([pair(KOELN, COLOGNE)] * 2, r"jsonl:2: id 'm1' also occurs at .*jsonl:1"),
        ([pair(KOELN, NAME)], r"jsonl:1: the mention is of entity 'Q365', but paired with 'Q7'"),
        (
            [pair(KOELN, COLOGNE), pair(KOELN | {"example_id": "m9"}, entity("Q365", "Else.", 5))],
            r"jsonl:2: entity 'Q365' has another description than at .*jsonl:1",
        ),
        ([pair(KOELN, entity("Q365", "", 0))], r"jsonl:1: entity 'Q365' has no description"),
        (
            [pair(mention("m", "Q7", 0, 4, "Köln"), NAME)],
            r"has 'Kopf' at 0:4, not the mention 'Köln'",
        ),
    ],
)
def test_broken_pairs_name_their_line(tmp_path, items, message):
    with pytest.raises(UserError, match=message):
        list(read_wikipedia_pairs(write_pairs(tmp_path, items), "en"))


def test_an_empty_or_truncated_file_of_pairs_is_named(tmp_path):
    with pytest.raises(UserError, match=r"wikipedia_pairs-train\.jsonl: the file is empty"):
        list(read_wikipedia_pairs(write_pairs(tmp_path, []), "en"))
    [path] = write_pairs(tmp_path, [pair(KOELN, COLOGNE)])
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    with pytest.raises(UserError, match=r"jsonl:1: not valid JSON"):
        list(read_wikipedia_pairs([path], "en"))


@pytest.mark.parametrize("folder", ["mewslix", "mewsli_x/output/dataset"])
def test_pairs_are_found_in_the_folders_of_both_scripts(tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True)
    for split, name in (("train", "train"), ("validation", "dev")):
        file = tmp_path / folder / f"wikipedia_pairs-{name}.jsonl"
        file.touch()
        assert original_files(TASKS["wikipedia_pairs"], tmp_path, "en", split) == [file]


# --- SQuAD --------------------------------------------------------------------------------------

CONTEXT = "Dr. Ann was born in 1950. She led the U.S. Navy.\nIt ended. "


def write_squad(folder: Path, paragraphs: list[tuple[str, list[tuple[str, str]]]]) -> list[Path]:
    """Paragraphs of (context, [(id, answer)])."""
    entries = [
        {
            "context": context,
            "qas": [
                {
                    "id": identifier,
                    "question": f"{identifier}?",
                    "answers": [{"text": answer, "answer_start": context.index(answer)}],
                }
                for identifier, answer in questions
            ],
        }
        for context, questions in paragraphs
    ]
    path = folder / "train-v1.1.json"
    path.write_text(json.dumps({"data": [{"paragraphs": entries}]}), encoding="utf-8")
    return [path]


def test_questions_are_paired_with_the_sentence_in_which_the_answer_begins(tmp_path):
    once, again = [("a", "1950"), ("b", "U.S. Navy")], [("c", "It ended")]
    paths = write_squad(
        tmp_path, [(CONTEXT, once), ("One. Two.", [("d", "Two")]), (CONTEXT, again)]
    )
    rows = list(read_squad_pairs(paths, "en"))
    plain = CONTEXT.replace("\n", "")
    assert rows[:5] == [
        {"id": f"p0_{i}", "side": "candidate", "text": sentence + plain, "matches": []}
        for i, sentence in enumerate(
            ["Dr. Ann was born in 1950.", "She led the U.S. Navy.", "It ended."]
        )
    ] + [
        {"id": "a", "side": "query", "text": "a?", "matches": ["p0_0"], "cluster": "p0"},
        {"id": "b", "side": "query", "text": "b?", "matches": ["p0_1"], "cluster": "p0"},
    ]
    # a repeated paragraph is not repeated in the rows
    assert [row["id"] for row in rows[5:]] == ["p1_0", "p1_1", "d", "c"]
    assert rows[-1]["matches"] == ["p0_2"]


def test_a_broken_question_names_the_location(tmp_path):
    [path] = write_squad(tmp_path, [(CONTEXT, [("a", "1950")])])
    path.write_text(path.read_text(encoding="utf-8").replace('"1950"', '"1951"'), encoding="utf-8")
    with pytest.raises(UserError, match=r"paragraphs\[0\]\.qas\[0\] \(id 'a'\): the context has"):
        list(read_squad_pairs([path], "en"))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("J. R. R. Tolkien wrote. He slept.", ["J. R. R. Tolkien wrote.", "He slept."]),
        ("In the U.S. The end.", ["In the U.S.", "The end."]),
        ("It fell.[12][note 3] Then rain!", ["It fell.[12][note 3]", "Then rain!"]),
        ('"Go." "No," said St. Ann? Yes', ['"Go."', '"No," said St. Ann?', "Yes"]),
        ("No. 5 won. no end", ["No. 5 won. no end"]),
        ("Version 2.0 is out.  \n Next.", ["Version 2.0 is out.", "Next."]),
        ("  ", []),
    ],
)
def test_sentences(text, sentences):
    assert [text[start:end] for start, end in sentence_breaks(text)] == sentences


@needs_shared
def test_every_question_of_the_release_finds_its_sentence():
    paths = [SHARED / "squad/dev-v1.1.json"]
    rows = list(read_squad_pairs(paths, "en"))
    candidates = {row["id"]: row["text"] for row in rows if row["side"] == "candidate"}
    assert len(candidates) == sum(row["side"] == "candidate" for row in rows)
    queries = [row for row in rows if row["side"] == "query"]
    assert len(queries) > 1000
    assert all(row["matches"][0] in candidates for row in queries)
