"""Encoding of plain text and of translation pairs; training masks tokens anew at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from xstilts.tokens.options import Encoded, TokenOptions
from xstilts.tokens.store import EXAMPLE, IDS, sequences_batch

if TYPE_CHECKING:
    from xstilts.tokens.tokenizer import FastTokenizer

SCHEMA = pa.schema([IDS, EXAMPLE])


def encode(
    batch: pa.RecordBatch, tokenizer: FastTokenizer, options: TokenOptions, first_row: int
) -> Encoded:
    """Encode all the text.

    A long text is split into consecutive sequences. A pair must stay in one sequence: its longer
    side is truncated.
    """
    texts, pairs = batch.column("text").to_pylist(), batch.column("pair").to_pylist()
    plain = [row for row, pair in enumerate(pairs) if pair is None]
    paired = [row for row, pair in enumerate(pairs) if pair is not None]
    budget = options.max_length - tokenizer.single.size
    sequences: list[tuple[int, list[int], list[int]]] = []
    for row, token_ids in zip(
        plain, tokenizer.token_ids([texts[row] for row in plain]), strict=True
    ):
        for start in range(0, len(token_ids), budget):
            part = token_ids[start : start + budget]
            ids, types = tokenizer.single.ids(part), tokenizer.single.types(len(part))
            sequences.append((row, ids, types))
    encoded, truncated = tokenizer.sequences(
        [(texts[row], pairs[row]) for row in paired], options.max_length
    )
    for row, encoding in zip(paired, encoded, strict=True):
        sequences.append((row, encoding.ids, encoding.type_ids))
    sequences.sort(key=lambda sequence: sequence[0])
    columns = {
        "input_ids": [ids for _, ids, _ in sequences],
        "example": [first_row + row for row, _, _ in sequences],
    }
    types_column = [types for _, _, types in sequences] if tokenizer.has_token_types else None
    return Encoded(sequences_batch(SCHEMA, columns, types_column), truncated)
