"""Models as published, without CLS, SEP or MASK, from their folder to scores."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from engine_world import labels_of, recipe, rows_of, runtime, tokenizer_dir, write_data
from published_models import MODELS, published_model
from test_config import STUDY, grid_of

from xstilts.config.adapters import Lora
from xstilts.errors import UserError
from xstilts.jobs.base import import_base
from xstilts.metrics.by_kind import score
from xstilts.models.heads import HeadSpec
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item, predict
from xstilts.tokens.prepare import prepare_tokens
from xstilts.tokens.store import TokenTable
from xstilts.tokens.tokenizer import FastTokenizer, load_tokenizer
from xstilts.training.loop import train
from xstilts.training.sampler import TrainingSet

TRAINED = ("classification", "span", "tagging", "multiple_choice")
# before, between and after the texts of a pair, by the names of the tokens
TEMPLATES = {
    "qwen2": ((), ("<|endoftext|>",), ("<|endoftext|>",)),
    "bloom": ((), ("</s>",), ("</s>",)),
    "mt5": ((), ("</s>",), ("</s>",)),
    "gemma": (("<bos>",), ("<bos>",), ()),
}
_FOLDER = tempfile.TemporaryDirectory()


@functools.cache
def imported(layout: str) -> tuple[Path, Path]:
    """Return the folders of tokenizer and model, as imported by a study."""
    folder = Path(_FOLDER.name) / layout
    source = published_model(layout, folder / "published")
    import_base(
        {"path": str(source), "hub": None, "revision": None},
        tokenizer=folder / "tokenizer/manifest.json",
        model=folder / "model/manifest.json",
    )
    return folder / "tokenizer", folder / "model"


def encoded(folder: Path, layout: str, kind: str, rows: list[dict[str, Any]]) -> tuple[Path, Path]:
    data, tokens = folder / f"{kind}.parquet", folder / f"{kind}.arrow"
    write_data(data, kind, rows)
    prepare_tokens(
        data, tokens, kind=kind, labels=labels_of(kind), tokenizer_dir=imported(layout)[0],
        max_length=64, doc_stride=16,
    )  # fmt: skip
    return data, tokens


@pytest.mark.parametrize("layout", MODELS)
def test_from_the_folder_to_scores(tmp_path: Path, layout: str) -> None:
    files = {
        kind: encoded(tmp_path, layout, kind, rows_of(kind, 60, 1))
        for kind in (*TRAINED, "retrieval")
    }
    train(
        imported(layout)[1],
        [TrainingSet(task=kind, language="en", tokens=files[kind][1]) for kind in TRAINED],
        {kind: HeadSpec(kind=kind, labels=labels_of(kind)) for kind in TRAINED},
        recipe(
            max_steps=48, learning_rate=1e-2, sampling="uniform",
            lora=Lora(rank=4, alpha=8.0, dropout=0.0, modules="all-linear", merge=False),
        ),
        seed=1,
        out_dir=tmp_path / "model",
        runtime=runtime(tmp_path),
    )  # fmt: skip
    for kind, (data, tokens) in files.items():
        out = tmp_path / f"{kind}-predictions.parquet"
        predict(
            tmp_path / "model", task=kind, kind=kind, labels=labels_of(kind),
            items=[Item(language="en", tokens=tokens, data=data, out=out)],
            options=PredictOptions(), max_tokens=1000, num_threads=1,
        )  # fmt: skip
        found = score(kind, pq.read_table(out), 1 if kind == "retrieval" else None)
        assert all(0 <= value <= 100 for value in found.values()), kind
        if kind == "tagging":
            # the label depends on a capital at the start of the word, which its tokens show
            gold = [tag for row in pq.read_table(data)["tags"].to_pylist() for tag in row]
            majority = max(gold.count(tag) for tag in labels_of(kind)) / len(gold)
            assert found["token_accuracy"] > 100 * majority + 2, majority


@pytest.mark.parametrize("layout", MODELS)
def test_the_texts_of_a_pair_are_separated(layout: str) -> None:
    tokenizer = load_tokenizer(imported(layout)[0])
    name = tokenizer.backend.id_to_token
    specials = tuple(tuple(name(token) for token in special) for special in tokenizer.pair.specials)
    assert specials == TEMPLATES[layout]
    # special tokens are not text, and survive truncation
    assert set(sum(tokenizer.pair.specials, ())) <= set(tokenizer.special_ids)
    long = " ".join(["the bird loves the red house"] * 9)
    ((sequence,), cut) = tokenizer.sequences([(long, long)], 24)
    assert (len(sequence.ids), cut) == (24, 1)
    assert sequence.ids == tokenizer.pair.ids(
        *([i for i, s in zip(sequence.ids, sequence.sequence_ids, strict=True) if s == side]
          for side in (0, 1))
    )  # fmt: skip


@pytest.mark.parametrize("layout", MODELS)
def test_no_sequence_is_empty_and_padding_is_a_token(tmp_path: Path, layout: str) -> None:
    rows = rows_of("classification", 4, 1)
    rows[0] |= {"text_a": "", "text_b": None}
    table = TokenTable.open(encoded(tmp_path, layout, "classification", rows)[1])
    assert table.lengths.min() >= 1
    assert 0 <= table.metadata["pad_id"] < table.metadata["vocab_size"]


@pytest.mark.parametrize("layout", MODELS)
def test_offsets_give_the_answer_back(tmp_path: Path, layout: str) -> None:
    context = "the  old bird 😀 loves 北京 and a café"
    answers = ["old bird", "😀", "北京", "café"]
    rows = [
        {"id": str(n), "context": context, "question": "what",
         "answers": [{"text": text, "start": context.index(text)}]}
        for n, text in enumerate(answers)
    ]  # fmt: skip
    table = TokenTable.open(encoded(tmp_path, layout, "span", rows)[1])
    for row, text in enumerate(answers):
        start, end = table.column("start")[row], table.column("end")[row]
        first = table.list_column("offsets_start").row(row)[start]
        last = table.list_column("offsets_end").row(row)[end]
        assert context[first:last] == text


def words_of(tokenizer: FastTokenizer, text: str) -> list[int]:
    return [token for word in tokenizer.word_token_ids(text.split()) for token in word]


@pytest.mark.parametrize("layout", MODELS)
def test_tagged_words_are_those_of_the_sentence(layout: str) -> None:
    tokenizer = load_tokenizer(imported(layout)[0])
    sentence = "loves the red house"
    # after another word, so that the first one has a space before it too
    (whole,), (first,) = tokenizer.token_ids([f"bird {sentence}"]), tokenizer.token_ids(["bird"])
    assert first + words_of(tokenizer, sentence) == whole


def test_words_of_xlmr_are_tokenised_as_always() -> None:
    tokenizer = load_tokenizer(tokenizer_dir())
    words = ["bird", "café", "北京"]
    assert tokenizer.word_token_ids(words) == tokenizer.token_ids(words)


# --- masked language modelling ------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["qwen2", "bloom", "mt5"])
def test_without_a_mask_token_there_is_no_masked_language_modelling(
    tmp_path: Path, layout: str
) -> None:
    with pytest.raises(UserError, match="has no mask token"):
        encoded(tmp_path, layout, "mlm", rows_of("mlm", 4, 1))


def test_a_study_that_masks_tokens_of_such_a_base_is_refused_at_once(tmp_path: Path) -> None:
    study = yaml.safe_load(STUDY)
    study["bases"] = {"bloom": {"path": str(published_model("bloom", tmp_path / "bloom"))}}
    study["strategies"]["masking"] = ["mlm@qab"]
    with pytest.raises(UserError, match=r"bases\.bloom: the tokenizer in .* no mask token.*mlm"):
        grid_of(tmp_path, yaml.safe_dump(study))
    del study["strategies"]["masking"]
    assert grid_of(tmp_path, yaml.safe_dump(study)).chains


def test_a_tokenizer_without_special_tokens(tmp_path: Path) -> None:
    published_model("qwen2", tmp_path)
    (tmp_path / "tokenizer_config.json").unlink()
    with pytest.raises(UserError, match="neither a pad token nor an eos or unk token"):
        load_tokenizer(tmp_path)
