"""Encoding of bitext mining: sentences on two sides, of which few have a match.

The sides ``tuning_...`` are a second set, on which a threshold is tuned.
"""

from __future__ import annotations

from functools import partial

from xstilts.tokens.sentences import SCHEMA, encode_sentences

__all__ = ["SCHEMA", "SIDES", "encode"]

SIDES = ("candidate", "query", "tuning_candidate", "tuning_query")
encode = partial(encode_sentences, sides=SIDES)
