"""Encoding of retrieval: sentences on two sides, to be embedded and matched."""

from __future__ import annotations

from functools import partial

from xstilts.tokens.sentences import SCHEMA, encode_sentences

__all__ = ["SCHEMA", "SIDES", "encode"]

SIDES = ("candidate", "query")
encode = partial(encode_sentences, sides=SIDES)
