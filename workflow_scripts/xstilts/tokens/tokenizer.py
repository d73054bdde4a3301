"""A trained tokenizer and what the encoders of the kinds need of it, without transformers."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokenizers import Encoding, Tokenizer, processors

from xstilts.errors import UserError
from xstilts.tokens.specials import special_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ROLES = ("cls", "sep", "pad", "mask", "unk")
# Tokenizer folders that do not name their special tokens follow one of these two customs.
_CUSTOMS = (
    ("<s>", "</s>", "<pad>", "<mask>", "<unk>"),
    ("[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]"),
)
_STAND_INS = {
    # padding is masked: its id does not matter
    "pad": ("eos", "unk", "sep"),
    "unk": ("pad", "eos", "sep"),
    "cls": ("bos",),
    "sep": ("eos",),
}
"""What is used where a tokenizer lacks a token, in order of preference."""


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
        """The whole sequence of one or two texts given as token ids."""
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
    cls_id: int | None
    sep_id: int | None
    pad_id: int
    mask_id: int | None
    """None where there is none: causal language models."""
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
        found = (self.cls_id, self.sep_id, self.pad_id, self.mask_id, self.unk_id)
        named = {token for token in found if token is not None}
        return tuple(sorted(named | {i for i, token in added.items() if token.special}))

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, without special tokens and however long."""
        encoded = self.backend.encode_batch_fast(texts, add_special_tokens=False)
        return [encoding.ids for encoding in encoded]

    @functools.cached_property
    def _marks_words(self) -> bool:
        """Whether a word by itself begins with the mark of the space before it."""
        return self.token_ids(["a"]) == self.token_ids([" a"])

    def word_token_ids(self, words: Sequence[str]) -> list[list[int]]:
        """Token ids of each word as it stands inside a sentence, after a space."""
        return self.token_ids(words if self._marks_words else [f" {word}" for word in words])

    def encode_with_offsets(self, texts: Sequence[str]) -> list[Encoding]:
        """Tokens of each text with their offsets in the original text, in Unicode code points."""
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


def load_tokenizer(folder: Path) -> FastTokenizer:
    """The tokenizer of a folder in Hugging Face format.

    Raises:
        UserError: there is no ``tokenizer.json``, or no token that can stand for padding.
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
    names = special_names(folder)
    for custom in _CUSTOMS:
        if all(backend.token_to_id(token) is not None for token in custom):
            names = dict(zip(_ROLES, custom, strict=True)) | names
    found = {role: backend.token_to_id(name) for role, name in names.items()}
    ids = {role: token for role, token in found.items() if token is not None}
    for role, others in _STAND_INS.items():
        stand_in = next((ids[other] for other in others if other in ids), None)
        if role not in ids and stand_in is not None:
            ids[role] = stand_in
    if not {"pad", "unk"} <= ids.keys():
        raise UserError(
            f"{folder}: the tokenizer names neither a pad token nor an eos or unk token. Name one "
            f"in tokenizer_config.json, as in {{eos_token: ...}}. Found: {names}."
        )
    tokenizer = FastTokenizer(
        backend=backend,
        vocab_size=backend.get_vocab_size(with_added_tokens=True),
        pad_id=ids["pad"],
        unk_id=ids["unk"],
        cls_id=ids.get("cls"),
        sep_id=ids.get("sep"),
        mask_id=ids.get("mask"),
    )
    _complete_templates(tokenizer)
    return tokenizer


def _complete_templates(tokenizer: FastTokenizer) -> None:
    """Give a tokenizer that sets no special tokens its end-of-text token after each text.

    Many causal language models put nothing around texts, not even between the two of a pair. The
    token then also is the last token, which stands for the sequence.
    """
    single, pair = (
        _template_of(tokenizer.backend.encode("a", *more), 1 + len(more)) for more in ((), ("a",))
    )
    # T5's puts </s> after each text, Gemma's <bos> before: they are left as they are
    if single.size and pair.fences[1]:
        return
    end = tokenizer.pad_id if tokenizer.sep_id is None else tokenizer.sep_id
    mark = tokenizer.backend.id_to_token(end)
    before, after = single.fences if single.size else ((), (end,))
    names = {token: tokenizer.backend.id_to_token(token) for token in (*before, end, *after)}
    opening, closing = ([names[token] for token in fence] for fence in (before, after))
    tokenizer.backend.post_processor = processors.TemplateProcessing(
        single=[*opening, "$A", *closing],
        pair=[*opening, "$A", mark, "$B", *closing],
        special_tokens=[(name, token) for token, name in names.items()],
    )
