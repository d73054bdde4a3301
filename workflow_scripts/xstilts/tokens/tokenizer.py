"""Fast tokenizers, loaded without transformers."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tokenizers import Encoding, Tokenizer, processors

from xstilts.errors import UserError
from xstilts.tokens.specials import special_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ROLES = ("cls", "sep", "pad", "mask", "unk")
# special tokens of tokenizer folders that do not name them
_CONVENTIONS = (
    ("<s>", "</s>", "<pad>", "<mask>", "<unk>"),
    ("[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]"),
)
_FALLBACKS = {
    # padding is masked, so its id does not matter
    "pad": ("eos", "unk", "sep"),
    "unk": ("pad", "eos", "sep"),
    "cls": ("bos",),
    "sep": ("eos",),
}
"""Role to the roles whose token is used instead if it is missing, in order of preference."""


@dataclass(frozen=True, slots=True)
class Template:
    """The special tokens around one text or a pair of texts."""

    specials: tuple[tuple[int, ...], ...]
    """Special ids before the first text, between the texts, and after the last."""
    text_types: tuple[int, ...]
    """Token type of each text."""
    special_types: tuple[tuple[int, ...], ...]
    """Token types of the special ids."""

    @property
    def size(self) -> int:
        """Number of special tokens in a sequence."""
        return sum(map(len, self.specials))

    def ids(self, *texts: Sequence[int]) -> list[int]:
        """Return the sequence of one or two texts given as token ids."""
        ids = list(self.specials[0])
        for text, special in zip(texts, self.specials[1:], strict=True):
            ids += text
            ids += special
        return ids

    def types(self, *lengths: int) -> list[int]:
        """Return the token types of a sequence whose texts have these lengths."""
        types = list(self.special_types[0])
        for kind, length, special in zip(
            self.text_types, lengths, self.special_types[1:], strict=True
        ):
            types += [kind] * length
            types += special
        return types


@dataclass(frozen=True, kw_only=True)
class FastTokenizer:
    """A trained tokenizer with the ids of its special tokens."""

    backend: Tokenizer
    cls_id: int | None
    sep_id: int | None
    pad_id: int
    mask_id: int | None
    """None for tokenizers without mask token, as of causal language models."""
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
        """True if the second text of a pair has a token type of its own, as in BERT."""
        return any(self.pair.text_types)

    @functools.cached_property
    def special_ids(self) -> tuple[int, ...]:
        """Ids of special tokens; they are neither masked in MLM nor pooled as content."""
        added = self.backend.get_added_tokens_decoder()
        found = (self.cls_id, self.sep_id, self.pad_id, self.mask_id, self.unk_id)
        named = {token for token in found if token is not None}
        return tuple(sorted(named | {i for i, token in added.items() if token.special}))

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, without special tokens or truncation."""
        encoded = self.backend.encode_batch_fast(texts, add_special_tokens=False)
        return [encoding.ids for encoding in encoded]

    @functools.cached_property
    def _adds_word_prefix(self) -> bool:
        """True if the tokenizer adds a space before the first word of a text."""
        return self.token_ids(["a"]) == self.token_ids([" a"])

    def word_token_ids(self, words: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each word as if inside a sentence, after a space."""
        return self.token_ids(words if self._adds_word_prefix else [f" {word}" for word in words])

    def encode_with_offsets(self, texts: Sequence[str]) -> list[Encoding]:
        """Tokenise each text, with offsets in Unicode code points of the original text."""
        return self.backend.encode_batch(texts, add_special_tokens=False)

    def sequences(
        self,
        texts: Sequence[str | tuple[str, str]],
        max_length: int,
        side: Literal["left", "right"] = "right",
    ) -> tuple[list[Encoding], int]:
        """Return sequences of at most ``max_length`` ids, and how many were truncated.

        A pair is truncated from its longer text first, at the start (``left``) or end of both.
        """
        self.backend.enable_truncation(max_length, strategy="longest_first", direction=side)
        encoded = self.backend.encode_batch_fast(texts)
        self.backend.no_truncation()
        return encoded, sum(bool(encoding.overflowing) for encoding in encoded)


def _template_of(encoding: Encoding, texts: int) -> Template:
    """Infer the template from an encoded example, which works with any post-processor."""
    specials: list[list[int]] = [[]]
    special_types: list[list[int]] = [[]]
    text_types: list[int] = []
    previous: int | None = None
    for token, kind, text in zip(
        encoding.ids, encoding.type_ids, encoding.sequence_ids, strict=True
    ):
        if text is None:
            specials[-1].append(token)
            special_types[-1].append(kind)
        elif text != previous:
            text_types.append(kind)
            specials.append([])
            special_types.append([])
        previous = text if text is not None else previous
    assert len(text_types) == texts, "the tokenizer does not separate the two texts of a pair"
    return Template(
        specials=tuple(map(tuple, specials)),
        text_types=tuple(text_types),
        special_types=tuple(map(tuple, special_types)),
    )


def load_tokenizer(folder: Path, backend: Tokenizer | None = None) -> FastTokenizer:
    """Load the tokenizer of a folder in Hugging Face format.

    Args:
        folder: the folder.
        backend: its ``tokenizer.json``, if that has been read already.

    Raises:
        UserError: ``tokenizer.json`` is missing, or no token can be used for padding.
    """
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise UserError(
            f"{folder}: no tokenizer.json. Save the tokenizer in the fast format first: "
            "transformers.AutoTokenizer.from_pretrained(...).save_pretrained(folder)."
        )
    backend = backend or Tokenizer.from_file(str(file))
    # published files have truncation and padding settings, which would act silently
    backend.no_truncation()
    backend.no_padding()
    names = special_names(folder)
    for convention in _CONVENTIONS:
        if all(backend.token_to_id(token) is not None for token in convention):
            names = dict(zip(_ROLES, convention, strict=True)) | names
    found = {role: backend.token_to_id(name) for role, name in names.items()}
    ids = {role: token for role, token in found.items() if token is not None}
    for role, others in _FALLBACKS.items():
        fallback = next((ids[other] for other in others if other in ids), None)
        if role not in ids and fallback is not None:
            ids[role] = fallback
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
    """Make a tokenizer without special tokens add its end-of-text token after each text.

    The tokenizers of many causal language models add no special tokens, not even between the texts
    of a pair. The end-of-text token is then also the last token, which is pooled.
    """
    single, pair = (
        _template_of(tokenizer.backend.encode("a", *more), 1 + len(more)) for more in ((), ("a",))
    )
    # T5 adds </s> after each text, Gemma <bos> before: these templates are kept
    if single.size and pair.specials[1]:
        return
    end = tokenizer.pad_id if tokenizer.sep_id is None else tokenizer.sep_id
    mark = tokenizer.backend.id_to_token(end)
    before, after = single.specials if single.size else ((), (end,))
    names = {token: tokenizer.backend.id_to_token(token) for token in (*before, end, *after)}
    opening, closing = ([names[token] for token in special] for special in (before, after))
    tokenizer.backend.post_processor = processors.TemplateProcessing(
        single=[*opening, "$A", *closing],
        pair=[*opening, "$A", mark, "$B", *closing],
        special_tokens=[(name, token) for token, name in names.items()],
    )
