from __future__ import annotations

from pathlib import Path

import pytest

from xstilts.errors import UserError
from xstilts.readers.questions import COLUMNS, read_questions

HEADER = "\t".join(COLUMNS) + "\n"
ROW = "7\t1\t2\tWho is it?\tWho was it?\t1\n"


def write(folder: Path, text: str, name: str = "train.tsv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def read(*paths: Path) -> list[dict]:
    return list(read_questions(paths, "en", labels=("0", "1")))


def texts(path: Path) -> list[tuple[str, str, str]]:
    return [(row["text_a"], row["text_b"], row["label"]) for row in read(path)]


def test_a_row_is_a_pair(tmp_path):
    assert read(write(tmp_path, HEADER + ROW)) == [
        {"id": "0", "text_a": "Who is it?", "text_b": "Who was it?", "label": "1"}
    ]


def test_several_files_are_one_set(tmp_path):
    paths = [write(tmp_path, HEADER + ROW, name) for name in ("a.tsv", "b.tsv")]
    assert [row["id"] for row in read(*paths)] == ["0", "1"]


def test_a_question_over_several_lines_is_one_question(tmp_path):
    torn = '8\t3\t4\t"Is the book by ""X"" good?\n\n"\tIs this?\t0\n'
    assert texts(write(tmp_path, HEADER + torn + ROW)) == [
        ('Is the book by "X" good?', "Is this?", "0"),
        ("Who is it?", "Who was it?", "1"),
    ]


def test_a_quoted_tab_does_not_separate_cells(tmp_path):
    row = '8\t3\t4\t"one\ttwo"\tthree\t0\n'
    assert texts(write(tmp_path, HEADER + row)) == [("one\ttwo", "three", "0")]


def test_quotation_marks_that_the_writer_doubled(tmp_path):
    row = '8\t3\t4\t"what is ""it""?"\t"what" is it\t0\n'
    assert texts(write(tmp_path, HEADER + row)) == [('what is "it"?', '"what" is it', "0")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r": the file is empty"),
        (HEADER, r": a header but no rows"),
        ("id\tquestion1\tquestion2\n1\ta\tb\n", r":1: the columns are id, question1, .*no labels"),
        (HEADER + ROW + "8\t3\t4\tWho", r":3: 4 tab-separated columns, expected 6"),
        (HEADER + "8\t3\t4\tWho\n" + ROW, r":2: 4 tab-separated columns, expected 6"),
        (HEADER + '8\t3\t4\t"Who\n' + ROW, r":2: 4 tab-separated columns, expected 6"),
        (HEADER + "8\t3\t4\ta\tb\tc\t1\n" + ROW, r":2: 7 tab-separated columns, expected 6"),
        (HEADER + "\n" + ROW, r":2: the line is empty"),
        (HEADER + ROW + "8\t3\t4\ta\tb\t2\n", r":3: '2' is not a known label.*Known: 0, 1"),
        (HEADER + ROW + "8\t3\t4\ta\tb\t", r":3: '' is not a known label"),
    ],
)
def test_malformed_files_are_refused_with_file_and_line(tmp_path, text, message):
    with pytest.raises(UserError, match=r"train\.tsv" + message):
        read(write(tmp_path, text))


def test_bytes_that_are_not_utf8_name_line_and_byte(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_bytes(HEADER.encode() + b"7\t1\t2\tna\xefve\tb\t0\n")
    with pytest.raises(UserError, match=r"train\.tsv:2: byte 9 of the line \(0xef\)"):
        read(path)
