"""TyDiQA-GoldP in the layouts of its release, of XTREME's scripts and of jiant's download."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_world import SHARED, needs_shared

from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.readers.tydiqa import read_tydiqa
from xstilts.tasks import TASKS

CONTEXT = "Dunia ina watu bilioni sita."


def write(path: Path, *identifiers: str) -> Path:
    paragraphs = [
        {
            "context": CONTEXT,
            "qas": [
                {
                    "id": identifier,
                    "question": "Wangapi?",
                    "answers": [{"text": "sita", "answer_start": 23}],
                }
            ],
        }
        for identifier in identifiers
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"version": "1", "data": [{"paragraphs": [paragraph]} for paragraph in paragraphs]}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def ids(path: Path, language: str) -> list[str]:
    return [row["id"] for row in read_tydiqa([path], language)]


def test_the_id_determines_the_language(tmp_path):
    path = write(tmp_path / "all.json", "swahili-1-2", "english--31-0", "swahili-7-0")
    assert ids(path, "sw") == ["swahili-1-2", "swahili-7-0"]
    assert ids(path, "en") == ["english--31-0"]


def test_a_file_of_an_unlisted_language_is_read_whole(tmp_path):
    path = write(tmp_path / "tydiqa.goldp.ja.dev.json", "japanese-1-2", "7")
    assert ids(path, "ja") == ["japanese-1-2", "7"]


def test_a_language_that_is_not_in_the_file_names_those_that_are(tmp_path):
    path = write(tmp_path / "all.json", "swahili-1-2", "english-3-0")
    with pytest.raises(UserError, match=r"all\.json: 'finnish' is not .*Known: english, swahili"):
        ids(path, "fi")


def test_shortened_ids_may_repeat_and_whole_ids_must_not(tmp_path):
    path = write(tmp_path / "sw.json", "0", "1", "0", "0")
    assert ids(path, "sw") == ["0", "1", "0#2", "0#3"]
    path = write(tmp_path / "sw.json", "swahili-1-2", "swahili-1-2")
    with pytest.raises(UserError, match="'swahili-1-2' also occurs at"):
        ids(path, "sw")


def test_emptied_answers_of_xtreme_name_the_remedy(tmp_path):
    path = write(tmp_path / "dev.json", "swahili-1-2")
    path.write_text(path.read_text().replace('"sita", "answer_start": 23', '"", "answer_start": 0'))
    with pytest.raises(UserError, match=r"empty answer.*answers removed.*original release"):
        ids(path, "sw")


def test_layouts_in_order_of_preference(tmp_path):
    folder = tmp_path / "tydiqa/tydiqa-goldp-v1.1-train"
    write(tmp_path / "tydiqa/tydiqa.sw.train.json", "0")
    expected = []
    for name in ("tydiqa.goldp.sw.train.json", "tydiqa-goldp-v1.1-train.json"):
        expected.append(write(folder / name, "swahili-0-0"))
        assert original_files(TASKS["tydiqa"], tmp_path, "sw", "train") == [expected[-1]]


@needs_shared
@pytest.mark.parametrize(
    ("language", "split", "count"),
    [
        ("en", "test", 440), ("sw", "test", 499), ("fi", "test", 782), ("ko", "test", 276),
        ("bn", "test", 113), ("en", "train", 1500), ("sw", "train", 600), ("en", "validation", 440),
    ],
)  # fmt: skip
def test_real_tydiqa(language, split, count):
    files = original_files(TASKS["tydiqa"], SHARED, language, split)
    rows = list(read_tydiqa(files, language))
    assert len({row["id"] for row in rows}) == len(rows) == count
