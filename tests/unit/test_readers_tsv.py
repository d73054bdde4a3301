from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstilts.errors import UserError
from xstilts.readers.lines import numbered_lines
from xstilts.readers.tsv import read_pairs, undo_csv

SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
real_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)
LABELS = ("contradiction", "entailment", "neutral")
XNLI_HEADER = "language\tgold_label\tsentence1_parse\tsentence1\tsentence2\tpairID\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def read(*paths: Path, language: str = "de") -> list[dict]:
    return list(read_pairs(paths, language, labels=LABELS))


def test_table_without_header_keeps_texts_unchanged(tmp_path):
    path = write(
        tmp_path, "dev-de.tsv", 'Er sagt: "ja" \t Nein.\tneutral\n"a" und "b"\tb\tneutral\n'
    )
    assert read(path) == [
        {"id": "0", "text_a": 'Er sagt: "ja" ', "text_b": " Nein.", "label": "neutral"},
        {"id": "1", "text_a": '"a" und "b"', "text_b": "b", "label": "neutral"},
    ]


def test_windows_line_ends_byte_order_mark_and_unicode_line_separators(tmp_path):
    path = write(tmp_path, "dev-de.tsv", "\ufeffa\u2028b\tc\x85\rd\tneutral\r\ne\tf\tneutral")
    rows = read(path)
    assert [(row["text_a"], row["text_b"]) for row in rows] == [
        ("a\u2028b", "c\x85\rd"),
        ("e", "f"),
    ]


def test_multinli_header_and_its_own_spelling_of_a_label(tmp_path):
    path = write(tmp_path, "multinli.train.en.tsv", "premise\thypo\tlabel\na\tb\tcontradictory\n")
    assert read(path) == [{"id": "0", "text_a": "a", "text_b": "b", "label": "contradiction"}]


def test_columns_are_found_by_name_in_any_order(tmp_path):
    path = write(tmp_path, "x.tsv", "label\thypothesis\tpremise\nneutral\tb\ta\n")
    assert read(path) == [{"id": "0", "text_a": "a", "text_b": "b", "label": "neutral"}]


def test_original_xnli_keeps_one_language_and_numbers_its_rows(tmp_path):
    rows = [("en", "neutral", "a"), ("de", "entailment", "c"), ("en", "entailment", "e")]
    body = "".join(f"{code}\t{label}\t(X)\t{text}\t{text}2\t7\n" for code, label, text in rows)
    path = write(tmp_path, "xnli.dev.tsv", XNLI_HEADER + body)
    assert [(row["id"], row["text_a"]) for row in read(path, language="en")] == [
        ("0", "a"),
        ("1", "e"),
    ]
    assert read(path, language="de")[0] == {
        "id": "0", "text_a": "c", "text_b": "c2", "label": "entailment",
    }  # fmt: skip


def test_language_that_the_file_lacks_names_those_it_has(tmp_path):
    path = write(tmp_path, "xnli.dev.tsv", XNLI_HEADER + "de\tneutral\t(X)\ta\tb\t7\n")
    with pytest.raises(UserError, match=r"xnli\.dev\.tsv: 'sw'.*Known: de"):
        read(path, language="sw")


def test_json_lines_without_gold_label_are_skipped_but_counted(tmp_path):
    items = [
        {"gold_label": label, "sentence1": f"a{index}", "sentence2": "b", "genre": "x"}
        for index, label in enumerate(["neutral", "-", "entailment"])
    ]
    path = write(tmp_path, "m.jsonl", "".join(json.dumps(item) + "\n" for item in items))
    assert [(row["id"], row["text_a"]) for row in read(path)] == [("0", "a0"), ("2", "a2")]


def test_the_number_of_pairs_without_gold_label_is_logged(tmp_path, caplog):
    lines = [{"gold_label": x, "sentence1": "a", "sentence2": "b"} for x in ("-", "neutral", "-")]
    path = write(tmp_path, "snli.jsonl", "".join(json.dumps(item) + "\n" for item in lines))
    with caplog.at_level("INFO"):
        assert len(read(path)) == 1
    assert caplog.messages == [f"{path}: 2 of 3 pairs have no gold label"]


def test_anli_abbreviates_its_labels_and_calls_the_premise_context(tmp_path):
    item = {"uid": "x", "context": "a", "hypothesis": "b", "label": "c", "reason": "r"}
    path = write(tmp_path, "dev.jsonl", json.dumps(item) + "\n")
    assert read(path) == [{"id": "0", "text_a": "a", "text_b": "b", "label": "contradiction"}]


def test_an_abbreviated_label_in_a_table_is_a_truncated_file(tmp_path):
    with pytest.raises(UserError, match=r"d\.tsv:1: 'n' is not a known label"):
        read(write(tmp_path, "d.tsv", "a\tb\tn"))


def test_numbered_labels_by_the_names_that_the_task_gives_them(tmp_path):
    path = write(tmp_path, "dev.tsv", 'premise\thypothesis\tlabel\n"a ""b"""\tc\t2\n')
    options = {"labels": LABELS, "renamed": {"2": "contradiction"}}
    [row] = read_pairs([path], "yo", quoted=True, **options)
    assert row == {"id": "0", "text_a": 'a "b"', "text_b": "c", "label": "contradiction"}
    [row] = read_pairs([path], "yo", **options)
    assert row["text_a"] == '"a ""b"""'
    path = write(tmp_path, "dev.tsv", "premise\thypothesis\tlabel\na\tc\t3\n")
    with pytest.raises(UserError, match=r"dev\.tsv:2: '3' is not a known label.*Known: 2, contr"):
        list(read_pairs([path], "yo", **options))


def test_languages_under_another_code_in_the_file(tmp_path):
    header = "id\tlanguage\tpremise\thypothesis\tlabel\n"
    path = write(tmp_path, "aym.tsv", f"{header}1\taym\ta\tb\tneutral\n")
    assert len(list(read_pairs([path], "ay", labels=LABELS, codes={"ay": "aym"}))) == 1
    with pytest.raises(UserError, match=r"'gn' is not a known language of this file.*Known: aym"):
        list(read_pairs([path], "gn", labels=LABELS, codes={"ay": "aym"}))


def test_failed_translations_are_kept_as_xtremes_script_keeps_them(tmp_path):
    header = "id\tsentence1\tsentence2\tlabel\n"
    path = write(tmp_path, "translated_train.tsv", f"{header}1\t\t\t0\n2\tNS\tb\t1\n")
    rows = list(read_pairs([path], "de", labels=("0", "1")))
    assert [(row["text_a"], row["text_b"], row["label"]) for row in rows] == [
        ("", "", "0"), ("NS", "b", "1"),
    ]  # fmt: skip


def test_several_files_are_one_set(tmp_path):
    first = write(tmp_path, "a.tsv", "a\tb\tneutral\n")
    second = write(tmp_path, "b.tsv", "c\td\tneutral\n")
    assert [row["id"] for row in read(first, second)] == ["0", "1"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("d.tsv", "a\tb\tneutral\na\tb\tc\tneutral\n", r"d\.tsv:2: 4 .*columns, expected 3"),
        ("d.tsv", "a\tb\tneutral\n\na\tb\tneutral\n", r"d\.tsv:2: the line is empty"),
        ("d.tsv", "a\tb\n", r"d\.tsv:1: 2 .*no test labels"),
        ("d.tsv", "a\tb\tneutral\na\tb\tneutr", r"d\.tsv:2: 'neutr' .*Did you mean 'neutral'"),
        ("d.tsv", "", r"d\.tsv: the file is empty"),
        ("d.tsv", "premise\thypo\tlabel\n", r"d\.tsv: a header but no rows"),
        ("d.tsv", "premise\ttext\tlabel\na\tb\tneutral\n", r"d\.tsv:1: no column .*hypo.*text"),
        ("d.tsv", "premise\thypo\tlabel\na\tb\n", r"d\.tsv:2: 2 .*columns, expected 3"),
        ("d.jsonl", '{"label": "neutral"}\n', r"d\.jsonl:1: no text under premise .*label"),
        ("d.jsonl", '{"premise": "a", "hypothesis": "b", "label": 1}\n', r":1: no text under gold"),
        ("d.jsonl", '{"premise": "a", "hyp', r"d\.jsonl:1: not valid JSON"),
        ("d.jsonl", "[1]\n", r"d\.jsonl:1: not a JSON object but list"),
    ],
)
def test_malformed_files_are_refused_with_file_and_line(tmp_path, name, text, message):
    with pytest.raises(UserError, match=message):
        read(write(tmp_path, name, text))


def test_bytes_that_are_not_utf8_name_line_and_byte(tmp_path):
    path = tmp_path / "d.tsv"
    path.write_bytes(b"a\tb\tneutral\nna\xefve\tb\tneutral\n")
    with pytest.raises(UserError, match=r"d\.tsv:2: byte 3 of the line \(0xef\)"):
        read(path)


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"none\.tsv: cannot be read"):
        list(numbered_lines(tmp_path / "none.tsv"))


@given(st.text(st.characters(exclude_characters="\t\r\n", exclude_categories=["Cs"]), min_size=1))
def test_the_quoting_of_csv_writer_is_undone(text):
    class Sink:
        written = ""

        def write(self, line: str) -> None:
            self.written += line

    sink = Sink()
    csv.writer(sink, delimiter="\t").writerow([text, "x"])
    assert undo_csv(sink.written.split("\t")[0]) == text


@pytest.mark.parametrize("text", ['"Yes," he said.', '"Yes"', '""', '"', '"a" "b"', 'say ""a""'])
def test_quotation_marks_not_written_by_csv_writer_are_kept(text):
    assert undo_csv(text) == text


def test_quoted_cells_of_processed_files(tmp_path):
    path = write(tmp_path, "train-en.tsv", '"the ""IPA"""\tb\tneutral\n')
    assert read(path)[0]["text_a"] == 'the "IPA"'


@real_data
@pytest.mark.parametrize("language", ["de", "en", "fr", "sw", "ur", "zh"])
def test_real_xnli(language):
    dev = read(SHARED / f"xnli/dev-{language}.tsv", language=language)
    test = read(SHARED / f"xnli/test-{language}.labelled.tsv", language=language)
    assert (len(dev), len(test)) == (2490, 600)
    # XNLI's development set has each label equally often
    assert [sum(row["label"] == label for row in dev) for label in LABELS] == [830] * 3
    # three hypotheses in a row share their premise
    assert all(dev[index]["text_a"] == dev[index + 2]["text_a"] for index in range(0, 2490, 3))


@real_data
@pytest.mark.parametrize(("split", "num_rows"), [("train", 3000), ("dev", 500)])
def test_real_mnli_is_the_same_in_both_forms(split, num_rows):
    table = read(SHARED / f"mnli/multinli.{split}.en.tsv", language="en")
    lines = read(SHARED / f"mnli/multinli.{split}.en.jsonl", language="en")
    assert len(table) == num_rows
    assert table == lines
