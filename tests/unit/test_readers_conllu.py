from __future__ import annotations

import os
from pathlib import Path

import pytest

from xstilts.errors import UserError
from xstilts.readers.conllu import UPOS, read_upos

SHARED = Path(os.environ.get("XSTILTS_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
real_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="real data samples not present (set XSTILTS_TEST_DATA)"
)

# README of the samples: sentences per file
NUM_SENTENCES = {
    "English-EWT/en_ewt": {"train": 2000, "dev": 250, "test": 300},
    "French-GSD/fr_gsd": {"dev": 50, "test": 150},
    "German-GSD/de_gsd": {"dev": 50, "test": 150},
    "Spanish-GSD/es_gsd": {"dev": 50, "test": 150},
    "Turkish-IMST/tr_imst": {"dev": 50, "test": 150},
    "Wolof-WTB/wo_wtb": {"dev": 50, "test": 150},
    "Finnish-TDT/fi_tdt": {"dev": 50, "test": 150},
    "Afrikaans-AfriBooms/af_afribooms": {"dev": 50, "test": 150},
    "Chinese-GSD/zh_gsd": {"dev": 50, "test": 150},
    "Yoruba-YTB/yo_ytb": {"test": 150},
    "Arabic-PUD/ar_pud": {"test": 150},
    "Hindi-PUD/hi_pud": {"test": 150},
}


def line(identifier, form, upos="_", head="_", deps="_"):
    return "\t".join([str(identifier), form, form, upos, "_", "_", str(head), "dep", deps, "_"])


def sentence(*lines, sent_id=None):
    return "\n".join([*([f"# sent_id = {sent_id}"] if sent_id else []), *lines]) + "\n\n"


def write(folder: Path, text: str, name="fr_x-ud-dev.conllu") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def read(*paths: Path, language="fr") -> list[dict]:
    return list(read_upos(paths, language))


def one(folder, *lines, language="fr"):
    """(token, tag) pairs of a file with this one sentence."""
    [row] = read(write(folder, sentence(*lines)), language=language)
    return list(zip(row["tokens"], row["tags"], strict=True))


DU = (line("2-3", "du"), line(2, "de", "ADP", 4), line(3, "le", "DET", 4))
REST = (line(1, "vient", "VERB", 0), *DU, line(4, "nord", "NOUN", 1))


def test_a_multiword_token_is_one_token_with_the_tag_of_its_head(tmp_path):
    assert one(tmp_path, *REST) == [("vient", "VERB"), ("du", "ADP"), ("nord", "NOUN")]


@pytest.mark.parametrize(
    ("language", "tags", "winner"),
    [
        ("fr", ("ADP", "PRON"), "PRON"),
        ("fr", ("NOUN", "PRON"), "PRON"),
        ("pt", ("NOUN", "PRON"), "NOUN"),
        ("es", ("ADP", "PRON"), "PRON"),
        ("it", ("ADV", "PRON"), "ADV"),
        ("pt", ("ADV", "PRON"), "PRON"),
        ("de", ("DET", "ADP"), "ADP"),
        # not in the Spanish precedence: last
        ("es", ("NOUN", "DET"), "DET"),
        ("es", ("NOUN", "ADJ"), "NOUN"),
    ],
)
def test_among_words_of_equal_height_the_languages_precedence_decides(
    tmp_path, language, tags, winner
):
    lines = (
        line("1-2", "xy"), line(1, "x", tags[0], 3), line(2, "y", tags[1], 3),
        line(3, "z", "VERB", 0),
    )  # fmt: skip
    assert one(tmp_path, *lines, language=language) == [("xy", winner), ("z", "VERB")]


def test_the_word_nearest_to_the_root_comes_before_the_precedence(tmp_path):
    lines = (line("1-2", "cannot"), line(1, "can", "VERB", 2), line(2, "not", "PART", 0))
    assert one(tmp_path, *lines, line(3, "!", "PUNCT", 2), language="en")[0] == ("cannot", "PART")


def test_enhanced_heads_count_as_in_the_converter(tmp_path):
    # in the basic tree both hang on word 3; the enhanced graph puts word 1 below word 2 as well
    plain = (line(2, "y", "DET", 3), line(3, "z", "VERB", 0))
    fused = line("1-2", "xy")
    assert one(tmp_path, fused, line(1, "x", "ADP", 3), *plain)[0] == ("xy", "ADP")
    deps = "2:case|3:obl|3.1:nsubj"
    assert one(tmp_path, fused, line(1, "x", "ADP", 3, deps), *plain)[0] == ("xy", "DET")


def test_cyclic_heads_terminate(tmp_path):
    lines = (line("1-2", "xy"), line(1, "x", "ADP", 2), line(2, "y", "DET", 1))
    assert one(tmp_path, *lines, line(3, "z", "X", 0)) == [("xy", "ADP"), ("z", "X")]


def test_two_multiword_tokens_in_a_row(tmp_path):
    lines = (
        line("1-2", "ab"), line(1, "a", "ADP", 5), line(2, "b", "DET", 5),
        line("3-4", "cd"), line(3, "c", "VERB", 5), line(4, "d", "PRON", 3),
        line(5, "e", "NOUN", 0),
    )  # fmt: skip
    assert [token for token, _ in one(tmp_path, *lines)] == ["ab", "cd", "e"]


def test_empty_nodes_are_left_out(tmp_path):
    lines = (line("0.1", "a"), line(1, "b", "X", 0), line("1.1", "c", "VERB"), line(2, "d", "X", 1))
    assert one(tmp_path, *lines) == [("b", "X"), ("d", "X")]


@pytest.mark.parametrize(
    ("forms", "kept"),
    [
        (["_", "_", "_"], False),
        (["_", "a", "_"], False),
        (["_"], False),
        (["_", "a"], False),
        (["_", "a", "b"], True),
        (["a"], True),
    ],
)
def test_sentences_without_their_text_are_dropped(tmp_path, forms, kept):
    lines = [line(number, form, "X", 0) for number, form in enumerate(forms, start=1)]
    text = sentence(*lines, sent_id="s") + sentence(line(1, "a", "X", 0), sent_id="t")
    rows = read(write(tmp_path, text))
    assert [row["id"] for row in rows] == ["fr_x-ud-dev:s"] * kept + ["fr_x-ud-dev:t"]


def test_joiners_and_spaces_inside_a_token_are_removed_and_its_tag_is_kept(tmp_path):
    lines = (
        line(1, "می\u200cروم", "VERB", 0), line(2, "20 000", "NUM", 1), line(3, "\u200c", "X", 1),
    )  # fmt: skip
    assert one(tmp_path, *lines) == [("میروم", "VERB"), ("20000", "NUM"), ("_", "X")]


def test_ids_are_file_stem_and_sentence_id_or_running_number(tmp_path):
    plain = line(1, "a", "X", 0)
    path = write(tmp_path, sentence(plain) + sentence(plain, sent_id="n 7") + sentence(plain))
    assert [row["id"] for row in read(path)] == [
        "fr_x-ud-dev:1",
        "fr_x-ud-dev:n 7",
        "fr_x-ud-dev:3",
    ]


def test_treebanks_are_read_in_the_order_of_their_file_names(tmp_path):
    text = sentence(line(1, "a", "X", 0))
    (tmp_path / "z").mkdir()
    second = write(tmp_path, text, "fr_b-ud-dev.conllu")
    first = write(tmp_path / "z", text, "fr_a-ud-dev.conllu")
    assert [row["id"] for row in read(second, first)] == ["fr_a-ud-dev:1", "fr_b-ud-dev:1"]


def test_windows_line_ends(tmp_path):
    path = write(tmp_path, sentence(line(1, "a", "X", 0), sent_id="s").replace("\n", "\r\n"))
    (row,) = read(path)
    assert (row["id"], row["tokens"], row["tags"]) == ("fr_x-ud-dev:s", ["a"], ["X"])


WORD = line(1, "a", "X", 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (sentence(WORD) + WORD + "\n", r":3: the file ends in the middle of a sentence"),
        (WORD, r":1: the file ends in the middle"),
        (sentence(WORD, "2\tb\tb"), r":2: 3 tab-separated columns, CoNLL-U has 10"),
        (sentence(WORD, line(2, "b", "NUON", 1)), r":2: 'NUON' .*Did you mean 'NOUN'"),
        (sentence(WORD, line(2, "b", "_", 1)), r":2: '_' is not a known universal"),
        (sentence(WORD, line(3, "b", "X", 1)), r":2: word id '3', expected '2'"),
        (sentence(WORD, WORD), r":2: word id '1', expected '2'"),
        (sentence(WORD, line("a", "b", "X", 1)), r":2: word id 'a', expected '2'"),
        (sentence(WORD, line(2, "b", "X", "x")), r":2: head 'x' is not a word id"),
        (sentence(line("2-3", "b"), WORD), r":1: range '2-3', expected one from 1 on"),
        (sentence(line("1-2", "b"), line("1-1", "b"), WORD), r":2: range '1-1'"),
        (sentence(line("1-2", "ab"), WORD), r":2: .*ends at word 1, but 'ab' spans 1-2"),
        (sentence(line("1-2", "ab")), r":1: .*ends at word 0"),
        (sentence(WORD, sent_id="s") * 2, r": sentence id 'fr_x-ud-dev:s' also occurs in"),
        ("# only a comment\n\n", r": no sentence in it"),
        ("", r": the file is empty"),
    ],
)
def test_malformed_files_are_refused_with_file_and_line(tmp_path, text, message):
    with pytest.raises(UserError, match=r"fr_x-ud-dev\.conllu" + message):
        read(write(tmp_path, text))


def test_the_short_line_of_the_russian_treebank_is_a_word(tmp_path):
    text = sentence(WORD, "2\tb\tb\tX")
    [row] = read(write(tmp_path, text, "ru_syntagrus-ud-train.conllu"), language="ru")
    assert row["tags"][1:] == ["X"]
    with pytest.raises(UserError, match=":2: 3 tab-separated columns"):
        read(write(tmp_path, sentence(WORD, "2\tb\tb"), "ru_syntagrus-ud-train.conllu"))


def test_upos_are_the_seventeen_in_order():
    assert len(UPOS) == 17
    assert list(UPOS) == sorted(UPOS)


@real_data
@pytest.mark.parametrize("treebank", NUM_SENTENCES)
def test_real_treebanks(treebank):
    for split, num_sentences in NUM_SENTENCES[treebank].items():
        path = SHARED / f"ud/UD_{treebank}-ud-{split}.conllu"
        rows = read(path, language=path.name[:2])
        assert len({row["id"] for row in rows}) == len(rows) == num_sentences
        assert all(len(row["tokens"]) == len(row["tags"]) > 0 for row in rows)
        assert all(token and " " not in token for row in rows for token in row["tokens"])


@real_data
def test_real_french_articles_are_fused():
    rows = read(SHARED / "ud/UD_French-GSD/fr_gsd-ud-dev.conllu")
    tags = [
        tag
        for row in rows
        for token, tag in zip(row["tokens"], row["tags"], strict=True)
        if token == "du"
    ]
    # twelve are "de le"; one is the partitive article, a word of its own
    assert sorted(tags) == ["ADP"] * 12 + ["DET"]
    num_lines = sum(
        text.split("\t")[0].isdecimal()
        for text in (SHARED / "ud/UD_French-GSD/fr_gsd-ud-dev.conllu").read_text().splitlines()
    )
    assert num_lines - sum(len(row["tokens"]) for row in rows) == 33  # one less per fused pair
