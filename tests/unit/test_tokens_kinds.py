"""Encoding of each kind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from engine_world import (
    SHARED,
    TAGS,
    bert_dir,
    labels_of,
    make_tokens,
    needs_shared,
    rows_of,
    sentences,
    tokenizer_dir,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from xstilts.errors import UserError
from xstilts.tokens.prepare import prepare_tokens
from xstilts.tokens.span import _context, _spaces
from xstilts.tokens.store import TokenTable, write_tokens
from xstilts.tokens.tokenizer import load_tokenizer


def test_classification_pair_and_label(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "text_a": "the bird", "text_b": "sees", "label": "good"},
        {"id": "2", "text_a": "the cat", "text_b": None, "label": "bad"},
    ]
    _, tokens = make_tokens(tmp_path, "classification", rows=rows)
    table = TokenTable.open(tokens)
    tokenizer = load_tokenizer(tokenizer_dir())
    a, b, c = tokenizer.token_ids(["the bird", "sees", "the cat"])
    assert table.ids(0).tolist() == [0, *a, 2, 2, *b, 2]
    assert table.ids(1).tolist() == [0, *c, 2]
    assert table.column("label").tolist() == [1, 0]
    assert table.column("example").tolist() == [0, 1]


def test_the_longer_text_is_truncated_first(tmp_path: Path) -> None:
    rows = [{"id": "1", "text_a": "the " * 40, "text_b": "sees cat", "label": "good"}]
    _, tokens = make_tokens(tmp_path, "classification", rows=rows, max_length=16)
    ids = TokenTable.open(tokens).ids(0).tolist()
    short = load_tokenizer(tokenizer_dir()).token_ids(["sees cat"])[0]
    assert len(ids) == 16
    assert ids[-len(short) - 1 : -1] == short


@pytest.mark.parametrize(
    ("choices", "label", "message"),
    [
        (["a"], 0, "row-9.*1 choices; at least 2"),
        (["a", "b"], 2, "row-9.*label 2 is none of its 2 choices.*0 to 1"),
        (["a", "b"], -1, "row-9.*label -1 is none"),
    ],
)
def test_a_label_out_of_range_names_the_example(
    tmp_path: Path, choices: list[str], label: int, message: str
) -> None:
    row = {"id": "row-9", "context": "a", "question": None, "choices": choices, "label": label}
    with pytest.raises(UserError, match=message):
        make_tokens(tmp_path, "multiple_choice", rows=[row])


def test_unknown_label_names_the_example(tmp_path: Path) -> None:
    rows = [{"id": "row-9", "text_a": "a", "text_b": None, "label": "god"}]
    with pytest.raises(UserError, match=r"row-9.*'god'.*good"):
        make_tokens(tmp_path, "classification", rows=rows)


def test_facts_and_examples_over_several_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xstilts.tokens.prepare.BATCH_ROWS", 7)
    data, _ = make_tokens(tmp_path, "retrieval", 30)
    out = tmp_path / "again.arrow"
    facts = prepare_tokens(
        data,
        out,
        kind="retrieval",
        labels=(),
        tokenizer_dir=tokenizer_dir(),
        max_length=48,
        doc_stride=8,
    )
    table = TokenTable.open(out)
    assert facts["num_examples"] == facts["num_sequences"] == len(table) == 30
    assert facts["num_tokens"] == table.lengths.sum() == sum(len(table.ids(i)) for i in range(30))
    assert table.column("example").tolist() == list(range(30))
    assert table.column("side").tolist() == [0, 1] * 15
    texts = pq.read_table(data).column("text").to_pylist()
    expected = load_tokenizer(tokenizer_dir()).token_ids(texts)
    assert table.ids(29).tolist()[1:-1] == expected[29]


def test_a_long_text_becomes_consecutive_sequences(tmp_path: Path) -> None:
    text = " ".join(sentences(20, 5))
    _, tokens = make_tokens(
        tmp_path, "mlm", rows=[{"id": "1", "text": text, "pair": None}], max_length=20
    )
    table = TokenTable.open(tokens)
    token_ids = [token for i in range(len(table)) for token in table.ids(i).tolist()[1:-1]]
    assert len(table) > 3
    assert table.longest == 20
    assert token_ids == load_tokenizer(tokenizer_dir()).token_ids([text])[0]


def test_spaces_are_those_of_python() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert _spaces(every).tolist() == [character.isspace() for character in every]
    assert not len(_spaces(""))


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from(["the", "Straße", "北京", "😀", "x" * 60, "​", "\u00a0"]), max_size=60)
)
def test_long_sentences_are_split_and_keep_each_word(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    tags = [TAGS[i % 2] for i in range(len(words))]
    rows = [{"id": "1", "tokens": words, "tags": tags}, rows_of("tagging", 1, 0)[0]]
    _, tokens = make_tokens(tmp_path_factory.mktemp("split"), "tagging", rows=rows, max_length=16)
    table = TokenTable.open(tokens)
    assert table.longest <= 16
    segments = np.flatnonzero(table.column("example") == 0)
    assert segments.tolist() == list(range(len(segments)))
    labels = [table.list_column("labels").row(i) for i in segments]
    starts = [table.list_column("word_starts").row(i) for i in segments]
    rejoined = [int(label[s]) for label, start in zip(labels, starts, strict=True) for s in start]
    assert rejoined == [TAGS.index(tag) for tag in tags]
    for label, start in zip(labels, starts, strict=True):
        assert np.flatnonzero(label != -100).tolist() == start.tolist()


def test_words_are_tokenised_after_a_space_and_long_ones_are_unknown(tmp_path: Path) -> None:
    rows = [{"id": "1", "tokens": ["the", "bird", "дом" * 30], "tags": ["OTHER"] * 3}]
    _, tokens = make_tokens(tmp_path, "tagging", rows=rows, max_length=16)
    table = TokenTable.open(tokens)
    tokenizer = load_tokenizer(tokenizer_dir())
    the, bird = tokenizer.token_ids(["the", "bird"])
    assert table.ids(0).tolist() == [0, *the, *bird, tokenizer.unk_id, 2]


def answers_of(table: TokenTable, context: str) -> list[str]:
    """Return the text between start and end of each window with an answer."""
    texts = []
    for i in range(len(table)):
        first, last = table.column("start")[i], table.column("end")[i]
        if first:
            start = table.list_column("offsets_start").row(i)[first]
            texts.append(context[start : table.list_column("offsets_end").row(i)[last]])
    return texts


@pytest.mark.parametrize(
    "answer",
    ["北京大学", "cafe\u0301", "😀😀", "ﬁnds", "Straße", "क्षि", "👩‍👩‍👧", "Å"],
    ids=["chinese", "combining", "emoji", "ligature", "german", "devanagari", "joiner", "angstrom"],
)
def test_offsets_are_those_of_the_original_text(tmp_path: Path, answer: str) -> None:
    context = f"the bird sees  a {answer} in the old house"
    found = {"text": answer, "start": context.index(answer)}
    row = {"id": "1", "context": context, "question": "what", "answers": [found]}
    _, tokens = make_tokens(tmp_path, "span", rows=[row])
    assert answers_of(TokenTable.open(tokens), context) == [answer]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab \t\n\u0301éﬁ北😀\u200d①", max_size=25))
def test_tokens_cover_each_visible_character(text: str) -> None:
    encoding = load_tokenizer(tokenizer_dir()).encode_with_offsets([text])[0]
    context = _context(text, encoding.ids, encoding.offsets)
    covered = set()
    for start, end in zip(context.starts, context.ends, strict=True):
        assert 0 <= start <= end <= len(text)
        covered |= set(range(start, end))
        assert not text[start:end][:1].isspace()
    visible = {i for i, character in enumerate(text) if not character.isspace()}
    # a combining mark at the start of a word has no character to belong to
    assert {i for i in visible - covered if text[i] != "\u0301"} == set()


def test_windows_cover_the_context_and_the_answer(tmp_path: Path) -> None:
    words = [f"bird{i}" for i in range(60)]
    context = " ".join(words)
    rows = []
    for word in words:
        answer = {"text": word, "start": context.index(word)}
        rows.append({"id": word, "context": context, "question": "a cat", "answers": [answer]})
    _, tokens = make_tokens(tmp_path, "span", rows=rows, max_length=40, doc_stride=10)
    table = TokenTable.open(tokens)
    for example, word in enumerate(words):
        windows = np.flatnonzero(table.column("example") == example)
        assert any(table.column("start")[windows]), f"no window holds {word}"
        covered = set()
        for window in windows:
            starts = table.list_column("offsets_start").row(window)
            covered |= set(starts[starts >= 0].tolist())
        assert {context.index(other) for other in words} <= covered
    first = table.list_column("offsets_start").row(0)
    second = table.list_column("offsets_start").row(1)
    inside = first[first >= 0].tolist()
    assert second[second >= 0].tolist()[0] == inside[10]


def test_unanswerable_question_points_at_the_first_token(tmp_path: Path) -> None:
    row: dict[str, Any] = {"id": "1", "context": "the bird", "question": "what", "answers": []}
    _, tokens = make_tokens(tmp_path, "span", rows=[row])
    table = TokenTable.open(tokens)
    assert (table.column("start")[0], table.column("end")[0]) == (0, 0)


def test_a_truncated_file_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "mlm", 10)
    tokens.write_bytes(tokens.read_bytes()[:-50])
    with pytest.raises(UserError, match="Delete it"):
        TokenTable.open(tokens)


def test_a_failed_encoding_leaves_no_file(tmp_path: Path) -> None:
    _, tokens = make_tokens(tmp_path, "mlm", 10)
    before = tokens.read_bytes()

    def failing() -> Any:
        raise RuntimeError
        yield

    table = TokenTable.open(tokens)
    with pytest.raises(RuntimeError):
        write_tokens(tokens, table._table.schema, failing(), {})
    assert tokens.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.part")] == []


@needs_shared
@pytest.mark.parametrize("language", ["en", "zh", "hi", "ar"])
def test_answers_of_xquad_survive_tokenisation(tmp_path: Path, language: str) -> None:
    import json

    articles = json.loads((SHARED / f"xquad/xquad.{language}.json").read_text())["data"][:4]
    rows = [
        {
            "id": question["id"],
            "context": paragraph["context"],
            "question": question["question"],
            "answers": [
                {"text": a["text"], "start": a["answer_start"]} for a in question["answers"]
            ],
        }
        for article in articles
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]
    # a vocabulary of the toy world: unknown characters have offsets too
    _, tokens = make_tokens(tmp_path, "span", rows=rows, max_length=384, doc_stride=128)
    table = TokenTable.open(tokens)
    whole = 0
    for row in np.flatnonzero(table.column("start")):
        example = rows[table.column("example")[row]]
        first, last = table.column("start")[row], table.column("end")[row]
        start = table.list_column("offsets_start").row(row)[first]
        end = table.list_column("offsets_end").row(row)[last]
        assert example["answers"][0]["text"] in example["context"][start:end]
        whole += 1
    assert whole > 0.9 * len(rows)


@pytest.mark.parametrize(
    "kind", ["classification", "span", "tagging", "retrieval", "multiple_choice", "mlm"]
)
def test_token_types_of_bert(tmp_path: Path, kind: str) -> None:
    data, _ = make_tokens(tmp_path, kind, 9)
    out = tmp_path / "bert.arrow"
    prepare_tokens(
        data,
        out,
        kind=kind,
        labels=labels_of(kind),
        tokenizer_dir=bert_dir(tmp_path),
        max_length=16,
        doc_stride=4,
    )
    table = TokenTable.open(out)
    types = table.list_column("token_type_ids")
    assert np.array_equal(types.lengths(), table.lengths)
    for i in range(len(table)):
        ids = table.ids(i)
        # the second text begins after the first [SEP]
        expected = np.cumsum(ids == 3) - (ids == 3)
        assert types.row(i).tolist() == expected.tolist()
