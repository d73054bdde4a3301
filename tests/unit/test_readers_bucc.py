from __future__ import annotations

from pathlib import Path

import pytest
from engine_world import SHARED, needs_shared

from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.readers.bucc import read_bucc
from xstilts.tasks import TASKS

DEV = {"de": "de-1\tHallo. \nde-2\tJa\n", "en": "en-1\tYes\nen-2\tNo\n", "gold": "de-2\ten-1\n"}
TEST = {"de": "de-1\tNein\n", "en": "en-1\tNo\n", "gold": "de-1\ten-1\n"}


def write(folder: Path, part: str, texts: dict[str, str], **changes: str | None) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for side, text in (texts | changes).items():
        if text is not None:
            paths.append(folder / f"de-en.{part}.{side}")
            paths[-1].write_text(text, encoding="utf-8")
    return paths


def row(identifier: str, side: str, text: str, *matches: str) -> dict:
    return {"id": identifier, "side": side, "text": text, "matches": list(matches)}


def test_only_the_development_set(tmp_path):
    assert list(read_bucc(write(tmp_path, "dev", DEV), "de")) == [
        # white space is kept: official mining distinguishes such texts
        row("de-1", "query", "Hallo. "),
        row("de-2", "query", "Ja", "en-1"),
        row("en-1", "candidate", "Yes"),
        row("en-2", "candidate", "No"),
    ]


@pytest.mark.parametrize(("tuning", "evaluated"), [("sample", "training"), ("dev", "test")])
def test_the_test_set_comes_with_the_tuning_set(tmp_path, tuning, evaluated):
    paths = write(tmp_path, tuning, DEV) + write(tmp_path, evaluated, TEST)
    rows = list(read_bucc(paths, "de"))
    assert rows[:2] == [row("de-1", "query", "Nein", "en-1"), row("en-1", "candidate", "No")]
    assert [item["side"] for item in rows[2:]] == ["tuning_query"] * 2 + ["tuning_candidate"] * 2
    assert rows[3] == row("de-2", "tuning_query", "Ja", "en-1")


def test_the_unlabelled_test_set_of_the_release_is_not_read(tmp_path):
    paths = write(tmp_path, "sample", DEV) + write(tmp_path, "training", TEST)
    paths += write(tmp_path, "test", TEST, de="de-9\tx\n", gold=None)
    assert next(iter(read_bucc(paths, "de")))["id"] == "de-1"


def test_gold_that_xtreme_deleted(tmp_path):
    paths = write(tmp_path, "dev", DEV) + write(tmp_path, "test", TEST, gold=None)
    with pytest.raises(UserError, match=r"de-en\.test\.gold: no such file.*de-en\.training\.gold"):
        list(read_bucc(paths, "de"))


def test_a_test_set_without_a_tuning_set(tmp_path):
    with pytest.raises(UserError, match=r"no sentences of the sample part.*de-en\.test\.de"):
        list(read_bucc(write(tmp_path, "test", TEST), "de"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"de": "de-1\tHallo\nde-2"}, r"de-en\.dev\.de:2: 1 tab-separated columns, expected 2"),
        ({"en": "en-1\ta\tb\n"}, r"de-en\.dev\.en:1: 3 tab-separated columns"),
        ({"de": "de-1\ta\nde-1\tb\n"}, r"\.de:2: id 'de-1' also occurs at .*\.de:1"),
        ({"gold": "de-3\ten-1\n"}, r"\.gold:1: 'de-3' is not an id of de-en\.dev\.de"),
        ({"gold": "de-1\ten-9\n"}, r"\.gold:1: 'en-9' is not an id of de-en\.dev\.en"),
        ({"gold": ""}, r"\.gold: the file is empty"),
        ({"de": None}, r"de-en\.dev\.de: no such file next to de-en\.dev\.en"),
    ],
)
def test_broken_files_name_the_location(tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        list(read_bucc(write(tmp_path, "dev", DEV, **changes), "de"))


def test_layouts_of_xtreme_and_of_the_release(tmp_path):
    task = TASKS["bucc2018"]
    release = tmp_path / "bucc2018/de-en"
    write(release, "sample", DEV)
    write(release, "training", TEST)
    assert len(original_files(task, tmp_path, "de", "validation")) == 3
    assert len(original_files(task, tmp_path, "de", "test")) == 6
    write(tmp_path / "bucc2018", "dev", DEV)
    names = [path.name for path in original_files(task, tmp_path, "de", "validation")]
    assert names == ["de-en.dev.de", "de-en.dev.en", "de-en.dev.gold"]


@needs_shared
def test_real_bucc2018():
    files = original_files(TASKS["bucc2018"], SHARED, "zh", "validation")
    rows = list(read_bucc(files, "zh"))
    sides = [item["side"] for item in rows]
    assert (sides.count("query"), sides.count("candidate")) == (8624, 13589)
    assert sum(len(item["matches"]) for item in rows) == 257
