"""Encoding of sentences on two or more sides, to be embedded and matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from xstilts.errors import unknown
from xstilts.tokens.options import Encoded, TokenOptions
from xstilts.tokens.store import EXAMPLE, IDS, sequences_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.tokens.tokenizer import FastTokenizer

SCHEMA = pa.schema([IDS, EXAMPLE, pa.field("side", pa.int8(), nullable=False)])


def encode_sentences(
    batch: pa.RecordBatch,
    tokenizer: FastTokenizer,
    options: TokenOptions,
    first_row: int,
    sides: Sequence[str],
) -> Encoded:
    """Encode each sentence as one sequence, with the index of its side in ``sides``.

    Raises:
        UserError: a side is not in ``sides``.
    """
    found = batch.column("side").to_pylist()
    for side, identifier in zip(found, batch.column("id").to_pylist(), strict=True):
        if side not in sides:
            raise unknown("side", side, sides, f"example {identifier!r}")
    encoded, truncated = tokenizer.sequences(batch.column("text").to_pylist(), options.max_length)
    columns = {
        "input_ids": [encoding.ids for encoding in encoded],
        "example": np.arange(first_row, first_row + len(found), dtype=np.int32),
        "side": [sides.index(side) for side in found],
    }
    types = [encoding.type_ids for encoding in encoded] if tokenizer.has_token_types else None
    return Encoded(sequences_batch(SCHEMA, columns, types), truncated)
