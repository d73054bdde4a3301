"""Tokenizers of checkpoints are imported with the ids of the library that trained them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

from xstilts.errors import UserError
from xstilts.tokens import published
from xstilts.tokens.published import import_tokenizer, require_fit
from xstilts.tokens.texts_to_compare import TEXTS
from xstilts.tokens.tokenizer import FastTokenizer, load_tokenizer

# not those of the import's own comparison
OTHERS = (
    "Straße ＡＢＣ ½ cup", "รถไฟ\tขบวนนี้  ช้ามาก", "ﷺ والسلام", "東京タワー（高さ３３３ｍ）", "ﬃ ﬀ ﬁ",
    "नमस्ते दुनिया", "Ҳама одамон озод", "   ", "x\u00a0y\u3000z", "don't stop", "𝒳 ≠ 𝓎", "ꦲꦏ꧀ꦱꦫ",
)  # fmt: skip
UNKNOWN = "ꙮ Ɱ x"

BERT = {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "pad_piece": "[PAD]",
        "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"}  # fmt: skip
T5 = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
# model type: file of the vocabulary, how SentencePiece was trained, tokenizer_config.json
SENTENCEPIECE: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "xlm-roberta": ("sentencepiece.bpe.model", {}, {}),
    "mt5": ("spiece.model", T5, {"extra_ids": 0, "tokenizer_class": "T5Tokenizer"}),
    "deberta-v2": ("spm.model", BERT, {}),
    "rembert": ("sentencepiece.model", T5 | {"control_symbols": "[CLS],[SEP],[MASK]"}, {}),
}


def sentencepiece_folder(folder: Path, model_type: str, **options: Any) -> Path:
    """A checkpoint's tokenizer files without tokenizer.json, as older ones are published."""
    name, training, config = SENTENCEPIECE[model_type]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*TEXTS, *OTHERS] * 3), model_writer=model, vocab_size=600,
        normalization_rule_name="nmt_nfkc", hard_vocab_limit=False, minloglevel=2,
        character_coverage=0.99, **(training | options),
    )  # fmt: skip
    folder.mkdir()
    (folder / name).write_bytes(model.getvalue())
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def imported(source: Path, model_type: str) -> FastTokenizer:
    """The tokenizer of a checkpoint after its import."""
    out = source.with_name("imported")
    out.mkdir()
    import_tokenizer(source, out, model_type)
    return load_tokenizer(out)


@pytest.mark.parametrize("model_type", SENTENCEPIECE)
def test_ids_are_those_of_sentencepiece(tmp_path: Path, model_type: str) -> None:
    source = sentencepiece_folder(tmp_path / "source", model_type)
    tokenizer = imported(source, model_type)
    original = sentencepiece.SentencePieceProcessor(
        model_file=str(source / SENTENCEPIECE[model_type][0])
    )
    # fairseq has four ids before the first piece, SentencePiece three
    shift = 1 if model_type == "xlm-roberta" else 0
    unknown = 3 if shift else original.unk_id()
    for text in (*TEXTS, *OTHERS, UNKNOWN):
        expected = [unknown if i == original.unk_id() else i + shift for i in original.encode(text)]
        assert tokenizer.token_ids([text]) == [expected], text
    assert unknown in tokenizer.token_ids([UNKNOWN])[0]


def test_special_tokens_surround_texts_where_no_file_says_so(tmp_path: Path) -> None:
    tokenizer = imported(sentencepiece_folder(tmp_path / "source", "rembert"), "rembert")
    names = [tokenizer.backend.encode("a", "a").tokens[i] for i in (0, -1)]
    assert names == ["[CLS]", "[SEP]"]
    assert tokenizer.has_token_types


def test_a_sentencepiece_model_alone_makes_mdebertas_tokenizer(tmp_path: Path) -> None:
    """Its mask token comes after the pieces, and the table of embeddings has more rows."""
    source = sentencepiece_folder(tmp_path / "source", "deberta-v2")
    config = {"do_lower_case": False, "vocab_type": "spm"}
    (source / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = imported(source, "deberta-v2")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(source / "spm.model"))
    size = pieces.get_piece_size()
    assert (tokenizer.pad_id, tokenizer.mask_id, tokenizer.vocab_size) == (0, size, size + 1)
    pair = tokenizer.backend.encode("a", "a").tokens
    assert (pair[0], pair[-1], pair.count("[SEP]")) == ("[CLS]", "[SEP]", 2)
    require_fit(
        source, tmp_path / "imported", {"vocab_size": size + 899, "model_type": "deberta-v2"}
    )


def test_an_import_that_would_change_ids_stops(tmp_path: Path) -> None:
    # transformers gives T5 the unknown id 2, whatever the model says
    source = sentencepiece_folder(tmp_path / "source", "mt5", unk_id=3, bos_id=2)
    with pytest.raises(UserError, match="gives other ids than the original, as for"):
        imported(source, "mt5")


def fast_folder(source: Path, **config: str) -> Tokenizer:
    """Make a checkpoint's tokenizer files with a tokenizer.json; return the tokenizer."""
    source.mkdir(parents=True)
    # NMT's rules, which transformers' class for XLM-R does not know
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(character, -5.0) for character in sorted(set("".join(TEXTS + OTHERS)))]
    tokenizer = Tokenizer(models.Unigram([*pieces, ("<mask>", 0.0)], 3, False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.save(str(source / "tokenizer.json"))
    content = {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512, **config}
    (source / "tokenizer_config.json").write_text(json.dumps(content))
    (source / "config.json").write_text(json.dumps({"model_type": "xlm-roberta"}))
    return tokenizer


def test_tokenizer_json_is_copied_as_it_is(tmp_path: Path) -> None:
    source = tmp_path / "source"
    tokenizer = fast_folder(source)
    found = imported(source, "xlm-roberta")
    expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
    assert found.token_ids(TEXTS) == expected
    assert (found.pad_id, found.mask_id) == (1, tokenizer.token_to_id("<mask>"))


def test_transformers_is_asked_only_for_tokens_that_the_folder_does_not_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>"}
    names = {f"{role}_token": token for role, token in roles.items()}
    names |= {"unk_token": "<unk>", "mask_token": "<mask>"}
    fast_folder(tmp_path / "unnamed/source")
    imported(tmp_path / "unnamed/source", "xlm-roberta")
    monkeypatch.setattr(published, "_auto_tokenizer", None)
    fast_folder(tmp_path / "named/source", **names)
    imported(tmp_path / "named/source", "xlm-roberta")
    found = [
        json.loads((tmp_path / case / "imported/special_tokens_map.json").read_text())
        for case in ("unnamed", "named")
    ]
    assert found == [names, names]


@pytest.mark.parametrize("cased", [True, False])
def test_a_wordpiece_vocabulary_says_whether_it_is_cased(tmp_path: Path, *, cased: bool) -> None:
    source = tmp_path / "source"
    source.mkdir()
    words = {word if cased else word.lower() for text in TEXTS for word in text.split()}
    characters = {c for word in words for c in word}
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words)]
    tokens += sorted(characters | {f"##{c}" for c in characters})
    (source / "vocab.txt").write_text("".join(f"{t}\n" for t in dict.fromkeys(tokens)))
    (source / "config.json").write_text(json.dumps({"model_type": "bert"}))
    tokenizer = imported(source, "bert")
    original = BertTokenizerLegacy(str(source / "vocab.txt"), do_lower_case=not cased)
    for text in OTHERS:
        expected = original.encode(text, add_special_tokens=False)
        assert tokenizer.token_ids([text]) == [expected], text
    assert (tokenizer.token_ids(["Hello"]) == tokenizer.token_ids(["hello"])) is not cased


def test_a_folder_without_any_vocabulary_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "config.json").write_text(json.dumps({"model_type": "xlm-roberta"}))
    with pytest.raises(UserError, match=r"no tokenizer.json, SentencePiece model or vocab.txt"):
        imported(source, "xlm-roberta")


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    source = sentencepiece_folder(tmp_path / "source", "mt5")
    size = imported(source, "mt5").vocab_size
    for padded in (size, size + 128):
        require_fit(source, tmp_path / "imported", {"vocab_size": padded})
    for other in (size - 1, 250_002):
        with pytest.raises(UserError, match=f"has {size:,} tokens, but the model {other:,}"):
            require_fit(source, tmp_path / "imported", {"vocab_size": other})


def test_padding_of_another_model_is_refused(tmp_path: Path) -> None:
    source = sentencepiece_folder(tmp_path / "source", "xlm-roberta")
    config = {"vocab_size": imported(source, "xlm-roberta").vocab_size, "model_type": "xlm-roberta"}
    require_fit(source, tmp_path / "imported", config)
    require_fit(source, tmp_path / "imported", config | {"pad_token_id": 1})
    with pytest.raises(UserError, match=r"id 1 in the tokenizer, but 0 in config.json"):
        require_fit(source, tmp_path / "imported", config | {"pad_token_id": 0})
