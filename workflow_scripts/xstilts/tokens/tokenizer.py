"""A trained tokenizer and what the encoders of the kinds need of it, without transformers."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenizers import Encoding, Tokenizer

from xstilts.errors import UserError
from xstilts.files import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
