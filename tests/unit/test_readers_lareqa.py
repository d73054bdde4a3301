from __future__ import annotations

import json
from pathlib import Path

import pytest

from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.readers.lareqa import LANGUAGES, read_lareqa
from xstilts.tasks import TASKS

CONTEXT = "Ann sat. Bob ran.\nAnn sat. Eve won."
BREAKS = [[0, 8], [9, 17], [18, 26], [27, 35]]


def question(identifier: str, start: int, code: str) -> dict:
    return {
        "id": identifier,
        "question": f"{identifier} in {code}?",
        "answers": [{"text": CONTEXT[start : start + 3], "answer_start": start}],
    }


def write(folder: Path, **changes: object) -> list[Path]:
    """A file of two paragraphs for each language; changes are of the German first paragraph."""
    paths = []
    for code in LANGUAGES:
        first = {
            "context": CONTEXT,
            "sentence_breaks": BREAKS,
            "qas": [question("q1", 9, code), question("q2", 18, code)],
        }
        if code == "de":
            first = {key: value for key, value in (first | changes).items() if value is not None}
        second = {
            "context": "Bob ran.",
            "sentence_breaks": [[0, 8]],
            "qas": [question("q3", 0, code)],
        }
        path = folder / "lareqa/xquad-r" / f"{code}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"data": [{"paragraphs": [first]}, {"paragraphs": [second]}]}))
        paths.append(path)
    return paths


def test_questions_of_one_language_and_sentences_of_all(tmp_path):
    paths = write(tmp_path)
    assert sorted(original_files(TASKS["lareqa"], tmp_path, "de", "test")) == sorted(paths)
    rows = list(read_lareqa(paths, "de"))
    candidates = {row["id"]: row["text"] for row in rows if row["side"] == "candidate"}
    queries = {row["id"]: row for row in rows if row["side"] == "query"}
    assert len(candidates) == 5 * 11
    # sentence and paragraph without a separator, line ends removed
    assert candidates["el_1_1"] == "Bob ran.Ann sat. Bob ran.Ann sat. Eve won."
    assert candidates["el_2_0"] == "Bob ran.Bob ran."
    assert list(queries) == ["q1_de", "q2_de", "q3_de"]
    paragraphs = [row["cluster"] for row in queries.values()]
    assert paragraphs == ["paragraph 1", "paragraph 1", "paragraph 2"]
    assert queries["q1_de"]["text"] == "q1 in de?"
    assert queries["q1_de"]["matches"] == [f"{code}_1_1" for code in LANGUAGES]
    # a sentence of the same wording in the paragraph is right as well, one elsewhere is not
    assert queries["q2_de"]["matches"] == [f"{code}_1_{i}" for code in LANGUAGES for i in (0, 2)]
    assert queries["q3_de"]["matches"] == [f"{code}_2_0" for code in LANGUAGES]


def test_every_language_is_needed(tmp_path):
    paths = [path for path in write(tmp_path) if path.stem != "th"]
    with pytest.raises(UserError, match=r"no file of th\. Candidates are the sentences of all"):
        list(read_lareqa(paths, "de"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sentence_breaks": None}, r"paragraphs\[0\]: no key 'sentence_breaks'"),
        ({"sentence_breaks": [[0, 8, 9]]}, r"not a list of pairs of offsets"),
        ({"sentence_breaks": [[0, 8]]}, r"qas\[0\] \(id 'q1'\): answer_start 9 is in none"),
        ({"qas": [question("q1", 0, "de")] * 2}, r"qas\[1\]: question id 'q1' occurs twice"),
        ({"qas": [question("q1", 0, "de") | {"answers": []}]}, r"qas\[0\]: 0 answers; XQuAD-R has"),
        ({"context": 7}, r"context: 7 is not of type str"),
    ],
)
def test_broken_paragraphs_name_the_location(tmp_path, changes, message):
    with pytest.raises(UserError, match=message) as caught:
        list(read_lareqa(write(tmp_path, **changes), "en"))
    assert "de.json: data[0].paragraphs[0]" in str(caught.value)
