"""Sequences of texts on two sides, to be embedded and ranked; and which of them belong together."""

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
    """One sequence per text, with its side and the key of a candidate.

    A candidate's key is its own; a query's that of its first right candidate, 0 if it has none.
    Keys are of the ids, so that a pair finds together whatever part of the file, or which of two
    files, each stands in.

    Raises:
        UserError: a side is none of ``SIDES``.
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
    """A number for an id; that any two of a million ids share one has a chance of 3 in 10^8."""
    digest = hashlib.blake2b(identifier.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
