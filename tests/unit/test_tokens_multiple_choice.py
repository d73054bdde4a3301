"""Encoding of multiple choice: a sequence per choice, and what a long prompt loses."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from engine_world import (
    bert_dir,
    make_tokens,
    tokenizer_dir,
    write_data,
)

from xstilts.errors import UserError
from xstilts.jobs import tokens as jobs
from xstilts.manifest import write_manifest
from xstilts.tokens.prepare import prepare_tokens
from xstilts.tokens.store import TokenTable
from xstilts.tokens.tokenizer import load_tokenizer


def test_one_sequence_per_choice(tmp_path: Path) -> None:
    rows = [
        {
            "id": "1", "context": "the bird", "question": "sees", "choices": ["a cat", "a dog"],
            "label": 1,
        },
        {"id": "2", "context": "the cat", "question": None, "choices": ["a", "b"], "label": 0},
        {"id": "3", "context": "", "question": "sees", "choices": ["a", "b"], "label": 1},
    ]  # fmt: skip
    _, tokens = make_tokens(tmp_path, "multiple_choice", rows=rows)
    table = TokenTable.open(tokens)
    texts = ["the bird sees", "a cat", "a dog", "the cat", "a", "b", "sees"]
    asked, cat, dog, bare, a, b, sees = load_tokenizer(tokenizer_dir()).token_ids(texts)
    pairs = [(asked, cat), (asked, dog), (bare, a), (bare, b), (sees, a), (sees, b)]
    for row, (first, choice) in enumerate(pairs):
        assert table.ids(row).tolist() == [0, *first, 2, 2, *choice, 2]
    assert table.column("example").tolist() == [0, 0, 1, 1, 2, 2]
    assert table.column("label").tolist() == [1, 1, 0, 0, 1, 1]


def test_an_example_with_truncated_choices_counts_once(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "context": "the " * 40, "question": None, "choices": ["a", "b"], "label": 1},
        {"id": "2", "context": "the", "question": None, "choices": ["a", "dog " * 40], "label": 0},
        {"id": "3", "context": "the", "question": None, "choices": ["a", "b"], "label": 0},
    ]
    data, _ = make_tokens(tmp_path, "multiple_choice", rows=rows)
    facts = prepare_tokens(
        data,
        tmp_path / "cut.arrow",
        kind="multiple_choice",
        labels=(),
        tokenizer_dir=tokenizer_dir(),
        max_length=16,
        doc_stride=8,
        truncation="end",
    )
    assert (facts["num_examples"], facts["num_sequences"], facts["num_truncated"]) == (3, 6, 2)
    assert TokenTable.open(tmp_path / "cut.arrow").longest == 16


LONG = {
    "id": "long", "context": " ".join(["the bird sees a cat"] * 4), "question": "dog house",
    "choices": ["river", "tree old bird"], "label": 0,
}  # fmt: skip


@pytest.mark.parametrize("bert", [False, True])
@pytest.mark.parametrize("truncation", ["context", "start", "end"])
@pytest.mark.parametrize("question", ["dog house", None])
def test_a_long_prompt_loses_its_context_its_start_or_its_end(
    tmp_path: Path, bert: bool, truncation: Any, question: str | None
) -> None:
    """Only ``context`` keeps the whole question, and without one the words before the choices."""
    data = write_data(tmp_path / "d.parquet", "multiple_choice", [LONG | {"question": question}])
    out, folder = tmp_path / "d.arrow", bert_dir(tmp_path) if bert else tokenizer_dir()
    facts = prepare_tokens(
        data,
        out,
        kind="multiple_choice",
        labels=(),
        tokenizer_dir=folder,
        max_length=16,
        doc_stride=8,
        truncation=truncation,
    )
    table, tokenizer = TokenTable.open(out), load_tokenizer(folder)
    context, asked, *choices = tokenizer.token_ids(
        [LONG["context"], question or "", *LONG["choices"]]
    )
    for row, choice in enumerate(choices):
        room = 16 - tokenizer.pair.size - len(choice)
        if truncation == "context":
            left = room - len(asked)
            prompt = [*context[:left], *asked] if question else context[-left:]
        else:
            whole = [*context, *asked]
            prompt = whole[-room:] if truncation == "start" else whole[:room]
        assert table.ids(row).tolist() == tokenizer.pair.ids(prompt, choice)
        if tokenizer.has_token_types:
            types = table.list_column("token_type_ids").row(row).tolist()
            assert types == tokenizer.pair.types(len(prompt), len(choice))
    assert facts["num_truncated"] == 1


@pytest.mark.parametrize(
    ("identity", "lost"),
    [({}, "the context"), ({"truncation": "start"}, "the start of prompt or choice")],
)
def test_the_log_says_how_many_contexts_were_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, identity: dict[str, str], lost: str
) -> None:
    rows = [LONG, LONG | {"id": "short", "context": "a cat"}, LONG | {"id": "also long"}]
    (tmp_path / "xcopa/qab").mkdir(parents=True)
    data = write_data(tmp_path / "xcopa/qab/test.parquet", "multiple_choice", rows)
    folder = shutil.copytree(tokenizer_dir(), tmp_path / "tokenizer")
    inputs = [data.with_suffix(".json"), folder / "manifest.json"]
    for manifest in inputs:
        write_manifest(manifest, {}, files={}, facts={})
    declared = {"kind": "multiple_choice", "labels": [], "max_length": 16, "doc_stride": 8}
    out = tmp_path / "tokens.arrow"
    with caplog.at_level("INFO"):
        made = jobs.prepare_tokens(declared | identity, *inputs, out, out.with_suffix(".json"))
    assert made.facts["num_truncated"] == 2
    assert caplog.messages == [
        f"xcopa/qab/test: 2 of 3 examples were cut to 16 tokens, losing part of {lost}"
    ]


def test_a_question_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'long': question and choice alone have \d+ tokens.*16"):
        make_tokens(
            tmp_path, "multiple_choice", rows=[LONG | {"question": "dog " * 20}], max_length=16
        )
