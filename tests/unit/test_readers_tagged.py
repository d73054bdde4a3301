from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from engine_world import SHARED, needs_shared

from xstilts.errors import UserError
from xstilts.metrics.chunks import corpus_chunks
from xstilts.readers.tagged import read_tagged
from xstilts.tasks import TASKS

LABELS = TASKS["panx"].labels


def write(folder: Path, text: str, name: str = "dev-sw.tsv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def read(*paths: Path, language: str = "sw") -> list[dict]:
    return list(read_tagged(paths, language, labels=LABELS))


SENTENCES = [
    {"id": "0", "tokens": ["Juma", "yupo"], "tags": ["B-PER", "O"]},
    {"id": "1", "tokens": ["Dar", "es"], "tags": ["B-LOC", "I-LOC"]},
]


@pytest.mark.parametrize(
    "text",
    [
        "Juma\tB-PER\nyupo\tO\n\nDar\tB-LOC\nes\tI-LOC\n\n",
        "sw:Juma\tB-PER\nsw:yupo\tO\n\nsw:Dar\tB-LOC\nsw:es\tI-LOC\n\n",
        "Juma B-PER\nyupo O\n\nDar B-LOC\nes I-LOC\n",
        "\ufeff\n\nJuma B-PER \r\nyupo O\r\n \r\n\r\nDar B-LOC\r\nes I-LOC",
    ],
    ids=["processed", "released", "masakhane", "blank-lines-and-windows"],
)
def test_released_formats_of_tags(tmp_path, text):
    assert read(write(tmp_path, text)) == SENTENCES


def test_a_colon_in_a_processed_word_is_part_of_it(tmp_path):
    path = write(tmp_path, "http://a\tO\nsw:x\tO\n")
    assert read(path)[0]["tokens"] == ["http://a", "sw:x"]


def test_only_the_first_colon_of_a_released_word_ends_the_language(tmp_path):
    assert read(write(tmp_path, "sw:sw:x\tO\nsw::\tO\n"))[0]["tokens"] == ["sw:x", ":"]


def test_a_word_of_blanks_still_counts(tmp_path):
    path = write(tmp_path, "sw:a\tO\nsw:\tB-PER\nsw:\u3000\tI-PER\n")
    assert read(path) == [{"id": "0", "tokens": ["a", "_", "_"], "tags": ["O", "B-PER", "I-PER"]}]
    assert read(write(tmp_path, "a\tO\n\tB-PER\n"))[0]["tokens"] == ["a", "_"]


def test_several_files_are_one_set(tmp_path):
    paths = [write(tmp_path, "a\tO\n", name) for name in ("a.tsv", "b.tsv")]
    assert [row["id"] for row in read(*paths)] == ["0", "1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r": the file is empty"),
        ("\n\n", r": no sentence in it"),
        ("a\tO\nb\n", r":2: 1 columns.*no test labels"),
        ("a O\nb", r":2: 1 columns"),
        ("a\tO\nb\tB-LO", r":2: 'B-LO' is not a known tag. Did you mean 'B-LOC'"),
        ("a\tO\nb\t", r":2: '' is not a known tag"),
        ("a\tb\tO\n", r":1: 3 columns, expected a word and its tag"),
        ("a b O\n", r":1: 3 columns"),
        ("sw:a\tO\n\nb\tO\n", r":3: 'b' does not begin with 'sw:'"),
        ("sw:a\tO\nha:b\tO\n", r":2: 'ha:b' does not begin with 'sw:'"),
    ],
)
def test_malformed_files_are_refused_with_file_and_line(tmp_path, text, message):
    with pytest.raises(UserError, match=r"dev-sw\.tsv" + message):
        read(write(tmp_path, text))


def test_bytes_that_are_not_utf8_name_line_and_byte(tmp_path):
    path = tmp_path / "dev.txt"
    path.write_bytes(b"a O\n\xe9 O\n")
    with pytest.raises(UserError, match=r"dev\.txt:2: byte 1 of the line \(0xe9\)"):
        read(path)


@needs_shared
def test_real_tags_are_complete():
    rows = list(TASKS["masakhaner2"].read([SHARED / "masakhaner2/hau/test.txt"], "ha"))
    assert len(rows) == 500
    assert rows[0]["tags"][0] == "B-ORG"
    tags = Counter(tag for row in rows for tag in row["tags"])
    assert {tag: tags[tag] for tag in LABELS if tag[0] == "B"} == {
        "B-PER": 356, "B-ORG": 328, "B-LOC": 307,
    }  # fmt: skip
    assert tags["B-DATE"] == 224
    # one name lacks its beginning, and counts by seqeval's rules all the same
    assert sum(kind == "ORG" for kind, _, _ in corpus_chunks([r["tags"] for r in rows])) == 329


@needs_shared
def test_real_words_of_the_longest_scripts():
    rows = list(TASKS["panx"].read([SHARED / "panx/dev-zh.tsv"], "zh"))
    assert sum(len(row["tokens"]) for row in rows) == 10_743
    assert all(token == token.strip() != "" for row in rows for token in row["tokens"])
