"""Encoding of ranking: queries and candidates, with a key that says which belong together."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from xstilts.tokens import sentences
from xstilts.tokens.options import Encoded, TokenOptions

if TYPE_CHECKING:
    from xstilts.tokens.tokenizer import FastTokenizer

__all__ = ["KEY", "SCHEMA", "SIDES", "encode"]

SIDES = ("candidate", "query")
KEY = pa.field("key", pa.int64(), nullable=False)
SCHEMA = sentences.SCHEMA.append(KEY)


def encode(
    batch: pa.RecordBatch, tokenizer: FastTokenizer, options: TokenOptions, first_row: int
) -> Encoded:
    """Encode each text as one sequence, with its side and the key of a candidate.

    A candidate has its own key, a query that of its first correct candidate, or 0 if it has none.
    Keys are hashes of ids, so that pairs match across batches and files.

    Raises:
        UserError: a side is not one of ``SIDES``.
    """
    encoded = sentences.encode_sentences(batch, tokenizer, options, first_row, SIDES)
    rows = zip(
        batch.column("id").to_pylist(),
        batch.column("side").to_pylist(),
        batch.column("matches").to_pylist(),
        strict=True,
    )
    keys = [
        _key(identifier) if side == "candidate" else _key(matches[0]) if matches else 0
        for identifier, side, matches in rows
    ]
    column = pa.array(np.array(keys, np.int64), KEY.type)
    position = len(sentences.SCHEMA)
    return Encoded(encoded.batch.add_column(position, KEY, column), encoded.truncated)


def _key(identifier: str) -> int:
    """Hash an id to 64 bits; the chance of any collision among a million ids is 3 in 10^8."""
    digest = hashlib.blake2b(identifier.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
