"""Sequences of sentences on two sides, to be embedded and matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from xstilts.errors import unknown
from xstilts.tokens.options import Encoded, TokenOptions
from xstilts.tokens.store import EXAMPLE, IDS, sequences_batch

if TYPE_CHECKING:
    from xstilts.tokens.tokenizer import FastTokenizer

SIDES = ("candidate", "query")
SCHEMA = pa.schema([IDS, EXAMPLE, pa.field("side", pa.int8(), nullable=False)])


def encode(
    batch: pa.RecordBatch, tokenizer: FastTokenizer, options: TokenOptions, first_row: int
) -> Encoded:
    """One sequence per sentence, with its side: 0 candidate, 1 query.

    Raises:
        UserError: a side is neither.
    """
    sides = batch.column("side").to_pylist()
    for side, identifier in zip(sides, batch.column("id").to_pylist(), strict=True):
        if side not in SIDES:
            raise unknown("side", side, SIDES, f"example {identifier!r}")
    encoded, truncated = tokenizer.sequences(batch.column("text").to_pylist(), options.max_length)
    columns = {
        "input_ids": [encoding.ids for encoding in encoded],
        "example": np.arange(first_row, first_row + len(sides), dtype=np.int32),
        "side": [SIDES.index(side) for side in sides],
    }
    types = [encoding.type_ids for encoding in encoded] if tokenizer.has_token_types else None
    return Encoded(sequences_batch(SCHEMA, columns, types), truncated)
