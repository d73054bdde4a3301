"""Labelled tables with quoted cells, Belebele's questions, and SIB-200 as pairs."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.readers.belebele import read_belebele
from xstilts.readers.delimited import read_labelled
from xstilts.readers.hub_texts import read_texts
from xstilts.tasks import TASKS

LABELS = ("news", "sport")
READ = partial(read_labelled, labels=LABELS, text_a=("head", "text"), label="topic")


def table(folder: Path, text: str, name: str = "t.tsv") -> list[Path]:
    (folder / name).write_bytes(text.encode())
    return [folder / name]


def test_quoted_cells_have_line_breaks_tabs_and_quotation_marks(tmp_path: Path) -> None:
    text = 'topic\thead\ttext\nnews\tA "b"\t"He said ""no"".\n\n\tYes"\r\nsport\tB\tc\n'
    first, second = READ(table(tmp_path, text), "en")
    assert first == {
        "id": "0",
        "text_a": 'A "b" He said "no".\n\n\tYes',
        "text_b": None,
        "label": "news",
    }
    assert (second["id"], second["text_a"]) == ("1", "B c")


def test_a_table_of_tweets_is_read_as_by_pandas(tmp_path: Path) -> None:
    text = 'ID\ttweet\tlabel\n1\t"so" good\tnews\n2\t"a ""b""\tc"\tsport\n3\td """" e "f\tnews\n'
    read = partial(read_labelled, labels=LABELS, text_a=("tweet",), lenient=True)
    [path] = table(tmp_path, text)
    expected = pd.read_csv(path, sep="\t")["tweet"].tolist()
    assert [row["text_a"] for row in read([path], "ha")] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("topic\thead\ttexts\n", "t.tsv: 'text' is not a known column of this file. Did you"),
        ("topic\thead\ttext\n", "a header but no rows. This data set has none in 'en'"),
        ("topic\thead\ttext\nnews\ta\n", "t.tsv:2: 2 cells, but the header has 3. The file was"),
        ("topic\thead\ttext\nsports\ta\tb\n", "t.tsv:2: 'sports' is not a known label. Did you"),
        ("topic\thead\ttext\nnews\t\t \n", "t.tsv:2: an empty text."),
        # cut inside a cell: without the check, one row would have all that follows
        ('topic\thead\ttext\nnews\ta\t"b\nnews\ta\tc\n', "t.tsv:2: not a complete row"),
        ('topic\thead\ttext\nnews\ta\t"b" c\n', "t.tsv:2: not a complete row"),
    ],
)
def test_damaged_tables_name_file_and_line(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        list(READ(table(tmp_path, text), "en"))
    assert expected in str(caught.value)


def test_ids_are_unique_and_commas_separate_csv(tmp_path: Path) -> None:
    read = partial(READ, identifier="id")
    rows = read(table(tmp_path, 'id,topic,head,text\n7,news,"a, b",c\n', "t.csv"), "en")
    assert [(row["id"], row["text_a"]) for row in rows] == [("7", "a, b c")]
    with pytest.raises(UserError, match=r"t.tsv:3: id '7' also occurs at .*t.tsv:2"):
        list(read(table(tmp_path, "id\ttopic\thead\ttext\n" + "7\tnews\ta\tb\n" * 2), "en"))


def test_texts_of_the_hub(tmp_path: Path) -> None:
    path = tmp_path / "0.parquet"
    pq.write_table(pa.table({"tweet": ["x", ""], "label": ["sport", "news"]}), path)
    rows = read_texts([path], "ha", labels=LABELS, columns=("text", "tweet"))
    assert next(rows) == {"id": "0", "text_a": "x", "text_b": None, "label": "sport"}
    with pytest.raises(UserError, match="row 1: no label or no text"):
        next(rows)
    with pytest.raises(UserError, match="'body' is not a known column of this file"):
        list(read_texts([path], "ha", labels=LABELS, columns=("body",)))


def question(**changes: object) -> dict[str, object]:
    answers = {f"mc_answer{number}": f"answer {number}" for number in range(1, 5)}
    return {
        "link": "https://x",
        "question_number": 2,
        "flores_passage": "Passage.",
        "question": "Why?",
        **answers,
        "correct_answer_num": "3",
        "dialect": "deu_Latn",
        "split": "dev",
    } | changes


def test_belebele(tmp_path: Path) -> None:
    file = tmp_path / "deu_Latn.jsonl"
    file.write_text(json.dumps(question()) + "\n")
    [row] = read_belebele([file], "de")
    assert (row["id"], row["cluster"], row["label"]) == ("https://x#dev#2", "https://x#dev", 2)
    file.write_text(json.dumps(question(correct_answer_num="0")) + "\n")
    with pytest.raises(UserError, match=r"deu_Latn.jsonl:1: '0' is not a known label"):
        list(read_belebele([file], "de"))
    # the table that the authors' script writes with pandas
    columns = ["dataset", "split", "passage_id", "question_id", "passage", "question"]
    columns += [f"answer{number}" for number in range(1, 5)]
    rows = [
        ["RACE", split, "p", 0, 'A "b"\nc', "Why?", "1", "2", "3", "4"]
        for split in ("train", "dev")
    ]
    made = pd.DataFrame(rows, columns=columns)
    made["correct_answer"], made["correct_answer_num"] = "4", [4.0, None]
    made.to_csv(tmp_path / "set.tsv", sep="\t")
    [row] = read_belebele([tmp_path / "set.tsv"], "en")
    assert (row["context"], row["choices"], row["label"]) == ('A "b"\nc', ["1", "2", "3", "4"], 3)


def test_pairs_are_aligned_by_index(tmp_path: Path) -> None:
    folders = {"eng_Latn": ("b", "a"), "kmb_Latn": ("B", "A")}
    for code, (third, first) in folders.items():
        folder = tmp_path / "sib200/data/annotated" / code
        folder.mkdir(parents=True)
        for name, rows in (("train", [(3, third)]), ("dev", [(20, "x")]), ("test", [(1, first)])):
            lines = [f"{index}\thealth\t{text}" for index, text in rows]
            (folder / f"{name}.tsv").write_text("\n".join(["index_id\tcategory\ttext", *lines]))
    task = TASKS["sib200_pairs"]
    files = original_files(task, tmp_path, "kmb_Latn", "test")
    rows = list(task.read(files, "kmb_Latn"))
    assert [(row["side"], row["text"], row["matches"]) for row in rows] == [
        ("candidate", "A", []),
        ("candidate", "B", []),
        ("candidate", "x", []),
        ("query", "a", ["0"]),
        ("query", "b", ["1"]),
        ("query", "x", ["2"]),
    ]
    (tmp_path / "sib200/data/annotated/kmb_Latn/dev.tsv").write_text("index_id\tcategory\ttext\n")
    with pytest.raises(UserError, match=r"1 sentences are only in English .*first index_id 20"):
        list(task.read(files, "kmb_Latn"))


SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", Path(__file__).parents[3] / "shared/data"))


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)
@pytest.mark.parametrize(
    ("name", "files", "examples"),
    [
        ("sib200", 171, 57_228),
        ("masakhanews", 19, 7_639),
        ("afrisenti", 17, 58_493),
        ("nusax", 21, 7_000),
        ("sick", 3, 9_927),
    ],
)
def test_real_rows_are_as_many_as_the_samples_and_the_task_say(
    name: str, files: int, examples: int
) -> None:
    task, found = TASKS[name], {}
    folders = {path.name for path in (SHARED / name).rglob("*") if path.is_dir()}
    languages = [code for code in task.languages if task.codes.get(code, "") in folders]
    for language in languages or ["en"]:
        for split in task.splits(language):
            # English and four other MasakhaNEWS training sets are not among the samples
            try:
                paths = original_files(task, SHARED, language, split)
            except UserError:
                continue
            rows = list(task.read(paths, language))
            assert {row["label"] for row in rows} <= set(task.labels)
            found[language, split] = len(rows)
            low_high = task.size(language, split)
            sizes = low_high if isinstance(low_high, tuple) else (low_high,)
            assert len(rows) in sizes, (language, split)
    # Oromo's training set is a header
    assert len(found) == files
    assert sum(found.values()) == examples


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)
def test_real_pairs_are_all_sentences_and_parallel() -> None:
    task, texts = TASKS["sib200_pairs"], {}
    for language in ("zho_Hant", "sat_Olck"):
        rows = list(task.read(original_files(task, SHARED, language, "test"), language))
        assert len(rows) == 2 * task.sizes["test"]
        texts[language] = [row["text"] for row in rows if row["side"] == "query"]
    assert texts["zho_Hant"] == texts["sat_Olck"]


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)
@pytest.mark.parametrize(
    ("name", "language", "renamed"),
    [
        # the columns that the hub's scripts write
        ("masakhanews", "lg", {"category": "label"}),
        ("afrisenti", "rw", {}),
        ("nusax", "bbc", {}),
    ],
)
def test_real_rows_of_the_release_and_of_the_hub_are_equal(
    tmp_path: Path, name: str, language: str, renamed: dict[str, str]
) -> None:
    task = TASKS[name]
    [release] = original_files(task, SHARED, language, "test")
    separator = "," if release.suffix == ".csv" else "\t"
    table = pd.read_csv(release, sep=separator, keep_default_na=False, dtype=str)
    if name == "masakhanews":
        table["headline_text"] = table["headline"] + " " + table["text"]
    table.rename(columns=renamed).to_parquet(tmp_path / "0.parquet")
    assert task.hub is not None
    rows = list(task.hub.read([tmp_path / "0.parquet"], language))
    assert rows == list(task.read([release], language))
