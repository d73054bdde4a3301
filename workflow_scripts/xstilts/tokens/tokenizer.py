"""Tokenizers without torch or transformers: training a Unigram model, loading a fast one."""

from __future__ import annotations

import functools
import io
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenizers import (
    AddedToken,
    Encoding,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from xstilts.errors import UserError
from xstilts.files import read_json, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

XLMR_SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
"""The first ids of XLM-R's vocabulary, in order; ``<mask>`` is its last."""

_ROLES = ("cls", "sep", "pad", "mask", "unk")
# Tokenizer folders that do not name their special tokens follow one of these two customs.
_CUSTOMS = (
    ("<s>", "</s>", "<pad>", "<mask>", "<unk>"),
    ("[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]"),
)


@dataclass(frozen=True, slots=True)
class Template:
    """Where a tokenizer puts its special tokens around one text or a pair of texts."""

    fences: tuple[tuple[int, ...], ...]
    """Special ids before the first text, between the texts, and after the last."""
    text_types: tuple[int, ...]
    """Token type of each text."""
    fence_types: tuple[tuple[int, ...], ...]
    """Token types of the special ids."""

    @property
    def size(self) -> int:
        """Number of special tokens in a sequence."""
        return sum(map(len, self.fences))

    def ids(self, *texts: Sequence[int]) -> list[int]:
        """The whole sequence of one or two texts given as piece ids."""
        ids = list(self.fences[0])
        for text, fence in zip(texts, self.fences[1:], strict=True):
            ids += text
            ids += fence
        return ids

    def types(self, *lengths: int) -> list[int]:
        """Token types of the sequence whose texts have these lengths."""
        types = list(self.fence_types[0])
        for kind, length, fence in zip(self.text_types, lengths, self.fence_types[1:], strict=True):
            types += [kind] * length
            types += fence
        return types


@dataclass(frozen=True, kw_only=True)
class FastTokenizer:
    """A trained tokenizer and what the encoders of the kinds need to know about it."""

    backend: Tokenizer
    cls_id: int
    sep_id: int
    pad_id: int
    mask_id: int
    unk_id: int
    vocab_size: int
    """Number of ids, added tokens included."""

    @functools.cached_property
    def single(self) -> Template:
        """Special tokens around one text."""
        return _template_of(self.backend.encode("a"), 1)

    @functools.cached_property
    def pair(self) -> Template:
        """Special tokens around two texts."""
        return _template_of(self.backend.encode("a", "a"), 2)

    @property
    def has_token_types(self) -> bool:
        """Whether the second text of a pair has its own token type, as in BERT."""
        return any(self.pair.text_types)

    @functools.cached_property
    def special_ids(self) -> tuple[int, ...]:
        """Ids that never stand for text; they are not masked in MLM nor pooled as content."""
        added = self.backend.get_added_tokens_decoder()
        named = {self.cls_id, self.sep_id, self.pad_id, self.mask_id, self.unk_id}
        return tuple(sorted(named | {i for i, token in added.items() if token.special}))

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Piece ids of each text, without special tokens and however long."""
        encoded = self.backend.encode_batch_fast(texts, add_special_tokens=False)
        return [encoding.ids for encoding in encoded]

    def pieces_with_offsets(self, texts: Sequence[str]) -> list[Encoding]:
        """Pieces of each text with their offsets in the original text, in Unicode code points."""
        return self.backend.encode_batch(texts, add_special_tokens=False)

    def sequences(
        self, texts: Sequence[str | tuple[str, str]], max_length: int
    ) -> tuple[list[Encoding], int]:
        """Whole sequences of at most ``max_length`` ids, and how many were cut.

        A pair is cut from its longer text first.
        """
        self.backend.enable_truncation(max_length, strategy="longest_first")
        encoded = self.backend.encode_batch_fast(texts)
        self.backend.no_truncation()
        return encoded, sum(bool(encoding.overflowing) for encoding in encoded)


def _template_of(encoding: Encoding, texts: int) -> Template:
    """Reads the template off an encoded example, so that any post-processor is understood."""
    fences: list[list[int]] = [[]]
    fence_types: list[list[int]] = [[]]
    text_types: list[int] = []
    previous: int | None = None
    for token, kind, text in zip(
        encoding.ids, encoding.type_ids, encoding.sequence_ids, strict=True
    ):
        if text is None:
            fences[-1].append(token)
            fence_types[-1].append(kind)
        elif text != previous:
            text_types.append(kind)
            fences.append([])
            fence_types.append([])
        previous = text if text is not None else previous
    assert len(text_types) == texts, "the tokenizer does not separate the two texts of a pair"
    return Template(
        fences=tuple(map(tuple, fences)),
        text_types=tuple(text_types),
        fence_types=tuple(map(tuple, fence_types)),
    )


def _special_names(folder: Path) -> dict[str, str]:
    """Role (cls, sep, ...) to token, from the files beside ``tokenizer.json``."""
    names: dict[str, str] = {}
    for file in ("special_tokens_map.json", "tokenizer_config.json"):
        if not (folder / file).is_file():
            continue
        config: dict[str, Any] = read_json(folder / file)
        for role in _ROLES:
            token = config.get(f"{role}_token")
            content = token.get("content") if isinstance(token, dict) else token
            if content:
                names[role] = content
    return names


def load_tokenizer(folder: Path) -> FastTokenizer:
    """The tokenizer of a folder in Hugging Face format.

    Raises:
        UserError: there is no ``tokenizer.json``, or a special token is missing.
    """
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise UserError(
            f"{folder}: no tokenizer.json. Save the tokenizer in the fast format first: "
            "transformers.AutoTokenizer.from_pretrained(...).save_pretrained(folder)."
        )
    backend = Tokenizer.from_file(str(file))
    # published files carry their own cutting and padding, which would act silently
    backend.no_truncation()
    backend.no_padding()
    names = _special_names(folder)
    for custom in _CUSTOMS:
        if all(backend.token_to_id(token) is not None for token in custom):
            names = dict(zip(_ROLES, custom, strict=True)) | names
    found = {role: backend.token_to_id(names[role]) for role in _ROLES if role in names}
    ids = {f"{role}_id": token for role, token in found.items() if token is not None}
    missing = [role for role in _ROLES if f"{role}_id" not in ids]
    if missing:
        raise UserError(
            f"{folder}: the tokenizer has no {', '.join(missing)} token. Name it in "
            f"tokenizer_config.json, as in {{{missing[0]}_token: ...}}. Found: {names}."
        )
    return FastTokenizer(
        backend=backend,
        vocab_size=backend.get_vocab_size(with_added_tokens=True),
        **ids,
    )


def train_unigram(texts: Iterable[str], vocab_size: int, out_dir: Path) -> None:
    """Train a SentencePiece Unigram tokenizer with XLM-R's conventions into a folder.

    Equal texts in equal order give equal bytes. The vocabulary is smaller than asked for where
    the texts do not hold as many pieces.

    Args:
        texts: one text per item.
        vocab_size: number of ids, the five special tokens included.
        out_dir: gets ``tokenizer.json``, ``tokenizer_config.json`` and ``special_tokens_map.json``,
            as ``transformers.AutoTokenizer`` reads them.

    Raises:
        UserError: the texts cannot fill the vocabulary, or it cannot hold their characters.
    """
    # XLM-R's model normalises with NFKC and folds runs of white space
    normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    counts: Counter[str] = Counter()

    def counted() -> Iterator[str]:
        for text in map(normalizer.normalize_str, texts):
            counts.update(text.split())
            yield text

    pieces = _unigram_pieces(counted(), vocab_size - 1)
    pieces += _frequent_words(counts, {piece for piece, _ in pieces}, vocab_size - 1 - len(pieces))
    tokenizer = Tokenizer(models.Unigram(pieces, XLMR_SPECIALS.index("<unk>"), False))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    mask = AddedToken("<mask>", lstrip=True, special=True, normalized=False)
    tokenizer.add_special_tokens([*XLMR_SPECIALS, mask])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    write_text(out_dir / "tokenizer.json", tokenizer.to_str(pretty=False))
    names = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
    }
    write_json(out_dir / "special_tokens_map.json", names)
    write_json(
        out_dir / "tokenizer_config.json", names | {"tokenizer_class": "PreTrainedTokenizerFast"}
    )


def _frequent_words(
    counts: Mapping[str, int], known: Container[str], room: int
) -> list[tuple[str, float]]:
    """The most frequent whole words that are no pieces yet, for what the vocabulary has left over.

    SentencePiece takes its candidates from the *distinct* words: in text of few words, as a
    generated world's, a word that is no part of another never becomes a piece, however frequent.
    Real text fills the vocabulary, and nothing is added.
    """
    total = sum(counts.values())
    # ties in alphabetical order, so that equal texts give equal bytes
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [(f"\u2581{word}", math.log(count / total)) for word, count in ranked if count > 1]
    return [(word, score) for word, score in words if word not in known][: max(0, room)]


def _unigram_pieces(texts: Iterable[str], size: int) -> list[tuple[str, float]]:
    """Pieces and their log probabilities, XLM-R's special tokens first.

    SentencePiece and not the trainer of ``tokenizers``: that one takes its candidates from the
    distinct words, so that a word of a small lexicon never becomes a piece, and its results vary
    from run to run.
    """
    import sentencepiece  # only base models that are pretrained here need it

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(text for text in texts if text.strip()),
            model_writer=model,
            model_type="unigram",
            vocab_size=size,
            hard_vocab_limit=False,
            # XLM-R's; rarer characters are unknown
            character_coverage=0.9995,
            normalization_rule_name="identity",
            max_sentence_length=1 << 20,
            bos_id=0,
            pad_id=1,
            eos_id=2,
            unk_id=3,
            # sums in a fixed order
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise UserError(
            f"vocab_size: no tokenizer of {size + 1} ids can be made from these texts ({error}). "
            "Use another vocab_size, or more text."
        ) from None
    trained = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    learned = range(len(XLMR_SPECIALS), trained.get_piece_size())
    return [
        *((name, 0.0) for name in XLMR_SPECIALS),
        *((trained.id_to_piece(index), trained.get_score(index)) for index in learned),
    ]
