"""Encoding of tagging: a long sentence is split into several sequences, without losing words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from xstilts.errors import UserError
from xstilts.tokens.labels import label_index
from xstilts.tokens.options import Encoded, TokenOptions
from xstilts.tokens.store import EXAMPLE, IDS, sequences_batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xstilts.tokens.tokenizer import FastTokenizer

IGNORED = -100
"""Label of tokens without loss: special tokens and all but the first token of a word."""

SCHEMA = pa.schema(
    [
        IDS,
        EXAMPLE,
        pa.field("labels", pa.list_(pa.int32()), nullable=False),
        pa.field("word_starts", pa.list_(pa.int32()), nullable=False),
    ]
)


def encode(
    batch: pa.RecordBatch, tokenizer: FastTokenizer, options: TokenOptions, first_row: int
) -> Encoded:
    """Encode each sentence as one or more sequences, split between words, never truncated.

    The label is on the first token of each word; ``word_starts`` has the position of that token.
    Each word is tokenised separately, as if after a space. The rule is that of
    google-research/xtreme, ``utils_preprocess.py``.

    Raises:
        UserError: a tag is not among ``options.labels``, or a sentence has more tags than words.
    """
    budget = options.max_length - tokenizer.single.size
    token_ids = _word_token_ids(batch.column("tokens"), tokenizer, budget)
    labels = label_index(options.labels)
    before, after = tokenizer.single.specials
    columns: dict[str, list[list[int]]] = {"input_ids": [], "labels": [], "word_starts": []}
    examples: list[int] = []
    rows = zip(*(batch.column(name).to_pylist() for name in ("id", "tokens", "tags")), strict=True)
    for row, (identifier, words, tags) in enumerate(rows):
        if len(words) != len(tags):
            raise UserError(
                f"example {identifier!r}: {len(words)} words but {len(tags)} tags. "
                "Each word needs one tag; fix the data file."
            )
        classes = [labels.of(tag, identifier) for tag in tags]
        for first, last in _segments([len(token_ids[word]) for word in words], budget):
            ids, marks, starts = list(before), [IGNORED] * len(before), []
            for word, label in zip(words[first:last], classes[first:last], strict=True):
                starts.append(len(ids))
                ids += token_ids[word]
                marks += [label, *[IGNORED] * (len(token_ids[word]) - 1)]
            columns["input_ids"].append([*ids, *after])
            columns["labels"].append([*marks, *[IGNORED] * len(after)])
            columns["word_starts"].append(starts)
            examples.append(first_row + row)
    types = None
    if tokenizer.has_token_types:
        kind = tokenizer.single.text_types[0]
        types = [[kind] * len(ids) for ids in columns["input_ids"]]
    return Encoded(sequences_batch(SCHEMA, {**columns, "example": examples}, types), 0)


def _word_token_ids(
    column: pa.ListArray, tokenizer: FastTokenizer, budget: int
) -> dict[str, list[int]]:
    """Return the tokens of each distinct word; a word of none or too many becomes unknown."""
    words = column.flatten().unique().to_pylist()
    return {
        word: token_ids if 0 < len(token_ids) <= budget else [tokenizer.unk_id]
        for word, token_ids in zip(words, tokenizer.word_token_ids(words), strict=True)
    }


def _segments(sizes: Sequence[int], budget: int) -> Iterator[tuple[int, int]]:
    """Yield consecutive ranges of words, each as long as the budget of tokens allows."""
    first, used = 0, 0
    for word, size in enumerate(sizes):
        if used + size > budget:
            yield first, word
            first, used = word, 0
        used += size
    if sizes:
        yield first, len(sizes)
