"""Encoding of extractive question answering: windows over the context, with the answer's span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xstilts.tokens.options import Encoded, TokenOptions
from xstilts.tokens.store import EXAMPLE, IDS, sequences_batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xstilts.tokens.tokenizer import FastTokenizer

SCHEMA = pa.schema(
    [
        IDS,
        EXAMPLE,
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("offsets_start", pa.list_(pa.int32()), nullable=False),
        pa.field("offsets_end", pa.list_(pa.int32()), nullable=False),
    ]
)


class Context(NamedTuple):
    """Tokens of a context with their character offsets (end exclusive)."""

    ids: list[int]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


def encode(
    batch: pa.RecordBatch, tokenizer: FastTokenizer, options: TokenOptions, first_row: int
) -> Encoded:
    """Encode each example as windows over its context.

    ``start`` and ``end`` are the positions of the answer's first and last token, both 0 (the
    first special token) if the window does not contain the whole answer. Offsets are in Unicode
    code points of the original context, -1 for tokens outside it.
    """
    contexts = batch.column("context").dictionary_encode()
    texts = contexts.dictionary.to_pylist()
    encoded = [
        _context(text, encoding.ids, encoding.offsets)
        for text, encoding in zip(texts, tokenizer.encode_with_offsets(texts), strict=True)
    ]
    # with a small max_length, the question must leave room for the context
    limit = min(options.max_query_length, (options.max_length - tokenizer.pair.size) // 2)
    questions = tokenizer.token_ids([text.strip() for text in batch.column("question").to_pylist()])
    answers = batch.column("answers").to_pylist()
    names = [field.name for field in SCHEMA]
    columns: dict[str, list[Any]] = {name: [] for name in names}
    types: list[list[int]] = []
    for row, (question, index) in enumerate(
        zip(questions, contexts.indices.to_pylist(), strict=True)
    ):
        context = encoded[index]
        answer = _answer_tokens(context, answers[row])
        for window in _windows(question[:limit], context, answer, tokenizer, options):
            for name in names:
                columns[name].append(window[name] if name != "example" else first_row + row)
            types.append(window["types"])
    cut = sum(len(question) > limit for question in questions)
    token_types = types if tokenizer.has_token_types else None
    return Encoded(sequences_batch(SCHEMA, columns, token_types), cut)


def _windows(
    question: list[int],
    context: Context,
    answer: tuple[int, int] | None,
    tokenizer: FastTokenizer,
    options: TokenOptions,
) -> Iterator[dict[str, Any]]:
    """Yield the windows of one example, one every ``doc_stride`` tokens (as in BERT's script)."""
    template = tokenizer.pair
    size = options.max_length - template.size - len(question)
    step = min(options.doc_stride, size)
    shift = len(template.specials[0]) + len(question) + len(template.specials[1])
    tail = [-1] * len(template.specials[2])
    for first in range(0, max(1, len(context.ids)), step):
        last = min(first + size, len(context.ids))
        start = end = 0
        if answer is not None and first <= answer[0] and answer[1] < last:
            start, end = (position - first + shift for position in answer)
        yield {
            "input_ids": template.ids(question, context.ids[first:last]),
            "types": template.types(len(question), last - first),
            "start": start,
            "end": end,
            "offsets_start": [-1] * shift + context.starts[first:last].tolist() + tail,
            "offsets_end": [-1] * shift + context.ends[first:last].tolist() + tail,
        }
        if last == len(context.ids):
            return


def _answer_tokens(
    context: Context, answers: Sequence[Mapping[str, Any]]
) -> tuple[int, int] | None:
    """Return the first and last token of the first answer; None without an answer."""
    if not answers or not answers[0]["text"]:
        return None
    start = answers[0]["start"]
    stop = start + len(answers[0]["text"])
    inside = np.flatnonzero((context.ends > start) & (context.starts < stop))
    return (int(inside[0]), int(inside[-1])) if len(inside) else None


def _context(text: str, ids: list[int], offsets: Sequence[tuple[int, int]]) -> Context:
    """Return a context's tokens with offsets that cover its characters, but no spaces.

    The tokenizer's own offsets include the space before a word, and leave out combining marks that
    normalisation has merged into the previous character (e + U+0301).
    """
    pairs = np.array(offsets, np.int64).reshape(-1, 2)
    starts, ends = pairs[:, 0], pairs[:, 1]
    solid = ~_spaces(text)
    # positions of non-space characters, and of spaces
    following = np.append(np.flatnonzero(solid), len(text))
    spaces = np.append(np.flatnonzero(~solid), len(text))
    starts = np.minimum(following[np.searchsorted(following, starts)], ends)
    if len(starts):
        before_next = np.append(starts[1:], len(text))
        gap_end = np.minimum(spaces[np.searchsorted(spaces, ends)], before_next)
        ends = np.where((ends > starts) & (gap_end > ends), gap_end, ends)
    return Context(ids, starts, ends)


_SPACES = np.array([chr(code).isspace() for code in range(0x3002)])
"""By code point up to U+3001, as which all further ones, none of them a space, are looked up."""


def _spaces(text: str) -> npt.NDArray[np.bool_]:
    """Return ``str.isspace`` of each character."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    spaces: npt.NDArray[np.bool_] = _SPACES[np.minimum(codes, 0x3001)]
    return spaces
