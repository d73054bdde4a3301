"""Encoding of multiple choice: one sequence per choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from xstilts.errors import UserError
from xstilts.tokens.options import Encoded, TokenOptions
from xstilts.tokens.store import EXAMPLE, IDS, sequences_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.tokens.tokenizer import FastTokenizer

SCHEMA = pa.schema([IDS, EXAMPLE, pa.field("label", pa.int32(), nullable=False)])


def encode(
    batch: pa.RecordBatch, tokenizer: FastTokenizer, options: TokenOptions, first_row: int
) -> Encoded:
    """Encode each example as adjacent sequences: context and question, paired with each choice.

    The first text is the context, a space and the question, as in jiant's multiple-choice tasks
    and google-research/xtreme's ``run_xcopa.py``; as there, the longer text of a pair is truncated
    first. Every sequence has its example's ``label``, the number of the correct choice.

    Raises:
        UserError: fewer than two choices, or a label out of range; names the example.
    """
    pairs: list[tuple[str, str]] = []
    counts: list[int] = []
    for row in batch.to_pylist():
        _check(row["id"], row["choices"], row["label"])
        first = " ".join(text for text in (row["context"], row["question"]) if text)
        pairs += [(first, choice) for choice in row["choices"]]
        counts.append(len(row["choices"]))
    encoded, _ = tokenizer.sequences(pairs, options.max_length)
    rows = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    columns = {
        "input_ids": [encoding.ids for encoding in encoded],
        "example": first_row + rows,
        "label": np.repeat(batch.column("label").to_numpy(), counts),
    }
    types = [encoding.type_ids for encoding in encoded] if tokenizer.has_token_types else None
    cut = {row for row, encoding in zip(rows, encoded, strict=True) if encoding.overflowing}
    return Encoded(sequences_batch(SCHEMA, columns, types), len(cut))


def _check(identifier: str, choices: Sequence[str], label: int) -> None:
    if len(choices) < 2:
        raise UserError(f"example {identifier!r}: {len(choices)} choices; at least 2 are needed.")
    if not 0 <= label < len(choices):
        raise UserError(
            f"example {identifier!r}: label {label} is none of its {len(choices)} choices, which "
            f"are numbered from 0 to {len(choices) - 1}."
        )
