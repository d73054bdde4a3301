from __future__ import annotations

import os
from pathlib import Path

import pytest

from xstilts.errors import UserError
from xstilts.readers.bitext import read_parallel

SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
real_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)


def write(folder: Path, foreign: str, english: str) -> list[Path]:
    paths = [folder / "tatoeba.deu-eng.deu", folder / "tatoeba.deu-eng.eng"]
    for path, text in zip(paths, (foreign, english), strict=True):
        path.write_bytes(text.encode())
    return paths


def read(paths) -> list[dict]:
    return list(read_parallel(paths, "de"))


@pytest.mark.parametrize("order", [1, -1])
def test_candidates_in_file_order_then_sorted_queries(tmp_path, order):
    paths = write(tmp_path, "Nein.\nJa.\n Doch. \nNö.\n", "no\nYes\nno\nOh\n")
    rows = read(paths[::order])
    assert [(row["id"], row["text"]) for row in rows[:4]] == [
        ("0", "Nein."), ("1", "Ja."), ("2", "Doch."), ("3", "Nö."),
    ]  # fmt: skip
    # capitals before small letters; equal sentences keep their order
    assert [(row["id"], row["text"], row["matches"]) for row in rows[4:]] == [
        ("q0", "Oh", ["3"]), ("q1", "Yes", ["1"]), ("q2", "no", ["0"]), ("q3", "no", ["2"]),
    ]  # fmt: skip
    assert [row["side"] for row in rows] == ["candidate"] * 4 + ["query"] * 4
    assert all(row["matches"] == [] for row in rows[:4])


def test_sides_of_different_length(tmp_path):
    with pytest.raises(UserError, match=r"\.deu: 2 lines, but .*\.eng has 1"):
        read(write(tmp_path, "a\nb\n", "c\n"))


@pytest.mark.parametrize("empty", ["", " \t"])
def test_empty_lines(tmp_path, empty):
    with pytest.raises(UserError, match=r"tatoeba\.deu-eng\.eng:2: empty line"):
        read(write(tmp_path, "a\nb\nc\n", f"a\n{empty}\nc\n"))


def test_each_side_has_one_file(tmp_path):
    paths = write(tmp_path, "a\n", "b\n")
    for wrong in (paths[:1], paths[1:], [*paths, tmp_path / "x.swp"], []):
        with pytest.raises(UserError, match="needs two files"):
            read(wrong)


@real_data
@pytest.mark.parametrize(("code", "num_pairs"), [("deu", 1000), ("jav", 205), ("swh", 390)])
def test_real_tatoeba(code, num_pairs):
    paths = [SHARED / f"tatoeba/tatoeba.{code}-eng.{side}" for side in (code, "eng")]
    rows = read(paths)
    candidates, queries = rows[:num_pairs], rows[num_pairs:]
    assert len(queries) == num_pairs
    assert {match for row in queries for match in row["matches"]} == {
        row["id"] for row in candidates
    }
    assert [row["text"] for row in queries] == sorted(row["text"] for row in queries)
    lines = paths[1].read_bytes().decode().split("\n")
    assert all(lines[int(row["matches"][0])] == row["text"] for row in queries)
