"""Sequences of single texts or pairs of texts with a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from xstilts.tokens.labels import label_index
from xstilts.tokens.options import Encoded, TokenOptions
from xstilts.tokens.store import EXAMPLE, IDS, sequences_batch

if TYPE_CHECKING:
    from xstilts.tokens.tokenizer import FastTokenizer

SCHEMA = pa.schema([IDS, EXAMPLE, pa.field("label", pa.int32(), nullable=False)])


def encode(
    batch: pa.RecordBatch, tokenizer: FastTokenizer, options: TokenOptions, first_row: int
) -> Encoded:
    """Encode each example as one sequence; pairs are truncated from the longer text first.

    Args:
        batch: examples in the data schema of classification.
        tokenizer: shared by all data sets of a base model.
        options: ``label`` becomes an index into ``options.labels``.
        first_row: row of the batch's first example in its data set.

    Raises:
        UserError: a label is not among ``options.labels``; names the example.
    """
    firsts, seconds = batch.column("text_a").to_pylist(), batch.column("text_b").to_pylist()
    texts = [
        first if second is None else (first, second)
        for first, second in zip(firsts, seconds, strict=True)
    ]
    encoded, truncated = tokenizer.sequences(texts, options.max_length)
    labels = label_index(options.labels)
    identifiers = batch.column("id").to_pylist()
    columns = {
        "input_ids": [encoding.ids for encoding in encoded],
        "example": np.arange(first_row, first_row + len(texts), dtype=np.int32),
        "label": [
            labels.of(label, identifier)
            for label, identifier in zip(
                batch.column("label").to_pylist(), identifiers, strict=True
            )
        ],
    }
    types = [encoding.type_ids for encoding in encoded] if tokenizer.has_token_types else None
    return Encoded(sequences_batch(SCHEMA, columns, types), truncated)
