"""Training and loading of tokenizers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from engine_world import WORDS, bert_dir, sentences, tokenizer_dir

from xstilts.errors import UserError
from xstilts.tokens.tokenizer import load_tokenizer
from xstilts.tokens.unigram import train_unigram


def test_ids_of_special_tokens_are_those_of_xlmr() -> None:
    tokenizer = load_tokenizer(tokenizer_dir())
    ids = (tokenizer.cls_id, tokenizer.pad_id, tokenizer.sep_id, tokenizer.unk_id)
    assert ids == (0, 1, 2, 3)
    assert tokenizer.mask_id == tokenizer.vocab_size - 1
    assert tokenizer.special_ids == (0, 1, 2, 3, tokenizer.mask_id)


def test_template_of_a_pair() -> None:
    tokenizer = load_tokenizer(tokenizer_dir())
    assert tokenizer.single.specials == ((0,), (2,))
    assert tokenizer.pair.specials == ((0,), (2, 2), (2,))
    assert tokenizer.pair.ids([7], [8, 9]) == [0, 7, 2, 2, 8, 9, 2]
    assert not tokenizer.has_token_types


def test_frequent_words_become_tokens() -> None:
    tokenizer = load_tokenizer(tokenizer_dir())
    whole = sum(len(token_ids) == 1 for token_ids in tokenizer.token_ids(WORDS))
    assert whole > 0.9 * len(WORDS)


def test_training_is_the_same_in_every_process(tmp_path: Path) -> None:
    texts = sentences(200, 3)
    train_unigram(texts, 120, tmp_path / "here")
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    code = (
        "import json; from pathlib import Path; from xstilts.tokens.unigram import train_unigram;"
        f"folder = Path({str(tmp_path)!r});"
        "texts = json.loads((folder / 'texts.json').read_text());"
        "train_unigram(texts, 120, folder / 'there')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
    for file in (tmp_path / "here").iterdir():
        assert file.read_bytes() == (tmp_path / "there" / file.name).read_bytes()


def test_loading_needs_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from pathlib import Path; import xstilts.tokens.prepare; "
        f"xstilts.tokens.prepare.load_tokenizer(Path({str(tokenizer_dir())!r})); "
        "print(*{'torch', 'transformers'} & set(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert loaded.stdout.split() == []


def test_transformers_loads_the_same_tokenizer() -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(tokenizer_dir())
    ours = load_tokenizer(tokenizer_dir())
    text, pair = "the café  sees 北京", "a <mask> dog"
    expected = ours.sequences([(text, pair)], 64)[0][0].ids
    assert theirs(text, pair)["input_ids"] == expected
    assert ours.mask_id in expected
    assert (theirs.pad_token_id, theirs.mask_token_id) == (ours.pad_id, ours.mask_id)


def test_published_truncation_and_padding_are_ignored(tmp_path: Path) -> None:
    content = json.loads((tokenizer_dir() / "tokenizer.json").read_text())
    content["truncation"] = {
        "direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    # and without names of special tokens, as in the folder of xlm-roberta-base
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    tokenizer = load_tokenizer(tmp_path)
    assert len(tokenizer.token_ids(["the bird sees the cat and the dog"])[0]) > 6
    assert tokenizer.mask_id == load_tokenizer(tokenizer_dir()).mask_id


def test_bert_template_and_types(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(bert_dir(tmp_path))
    assert tokenizer.has_token_types
    assert tokenizer.pair.ids([5], [6, 6]) == [2, 5, 3, 6, 6, 3]
    assert tokenizer.pair.types(1, 2) == [0, 0, 0, 1, 1, 1]


def test_folder_without_fast_tokenizer_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no tokenizer\.json.*save_pretrained"):
        load_tokenizer(tmp_path)


def test_vocabulary_too_small_for_the_characters(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="vocab_size"):
        train_unigram(sentences(50, 0), 20, tmp_path)
