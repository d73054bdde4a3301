"""Sequences of sentences on two sides, of which few have a match; of two sets, if one tunes."""

from __future__ import annotations

from functools import partial

from xstilts.tokens.sentences import SCHEMA, encode_sentences

__all__ = ["SCHEMA", "SIDES", "encode"]

SIDES = ("candidate", "query", "tuning_candidate", "tuning_query")
encode = partial(encode_sentences, sides=SIDES)
