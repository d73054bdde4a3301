"""Encoding of multiple choice: one sequence per choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from xstilts.errors import UserError
from xstilts.tokens.options import Encoded, TokenOptions
from xstilts.tokens.store import EXAMPLE, IDS, sequences_batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from xstilts.tokens.tokenizer import FastTokenizer

SCHEMA = pa.schema([IDS, EXAMPLE, pa.field("label", pa.int32(), nullable=False)])


class _Sequence(NamedTuple):
    """Token ids and token types of one choice with its prompt."""

    ids: list[int]
    types: list[int]


def encode(
    batch: pa.RecordBatch, tokenizer: FastTokenizer, options: TokenOptions, first_row: int
) -> Encoded:
    """Encode each example as adjacent sequences: context and question, paired with each choice.

    The first text is the prompt: the context, a space and the question, as in jiant's
    multiple-choice tasks and google-research/xtreme's ``run_xcopa.py``. Every sequence has its
    example's ``label``, the number of the correct choice. Sequences of more than ``max_length``
    tokens lose a part of the context, or with ``truncation: start`` and ``end`` a part of the
    longer of prompt and choice, as in jiant and in XTREME.

    Raises:
        UserError: fewer than two choices, a label out of range, or a question and a choice that
            leave no room for a context; names the example.
    """
    examples = batch.to_pylist()
    pairs: list[tuple[str, str]] = []
    rows: list[int] = []
    for row, example in enumerate(examples):
        _check(example["id"], example["choices"], example["label"])
        pairs += [(_prompt(example), choice) for choice in example["choices"]]
        rows += [row] * len(example["choices"])
    encoded, _ = tokenizer.sequences(
        pairs, options.max_length, "left" if options.truncation == "start" else "right"
    )
    sequences = [_Sequence(encoding.ids, encoding.type_ids) for encoding in encoded]
    truncated = [index for index, encoding in enumerate(encoded) if encoding.overflowing]
    if options.truncation == "context":
        for index in truncated:
            sequences[index] = _with_short_context(
                examples[rows[index]], pairs[index][1], tokenizer, options.max_length
            )
    columns = {
        "input_ids": [sequence.ids for sequence in sequences],
        "example": np.array(rows, np.int32) + first_row,
        "label": batch.column("label").to_numpy()[rows],
    }
    types = [sequence.types for sequence in sequences] if tokenizer.has_token_types else None
    cut = {rows[index] for index in truncated}
    return Encoded(sequences_batch(SCHEMA, columns, types), len(cut))


def _prompt(example: Mapping[str, Any]) -> str:
    """Return context and question as one text."""
    return " ".join(text for text in (example["context"], example["question"]) if text)


def _with_short_context(
    example: Mapping[str, Any], choice: str, tokenizer: FastTokenizer, max_length: int
) -> _Sequence:
    """Return a sequence of at most ``max_length`` tokens with the whole question and choice.

    The context loses its end; without a question, the choices continue it, and it loses its start.

    Raises:
        UserError: question and choice alone are longer; names the example.
    """
    (prompt,) = tokenizer.encode_with_offsets([_prompt(example)])
    (answer,) = tokenizer.token_ids([choice])
    # a token that contains a character of the question belongs to the question
    size = sum(end <= len(example["context"]) for _, end in prompt.offsets)
    context, question = prompt.ids[:size], prompt.ids[size:]
    room = max_length - tokenizer.pair.size - len(question) - len(answer)
    if room < 0:
        raise UserError(
            f"example {example['id']!r}: question and choice alone have {max_length - room} tokens "
            f"with special tokens, more than max_length: {max_length}. Increase it "
            "(recipes.tasks.TASK.max_length), or set truncation: end to cut them too."
        )
    first = context[:room] if example["question"] else context[max(0, len(context) - room) :]
    text = [*first, *question]
    return _Sequence(tokenizer.pair.ids(text, answer), tokenizer.pair.types(len(text), len(answer)))


def _check(identifier: str, choices: Sequence[str], label: int) -> None:
    if len(choices) < 2:
        raise UserError(f"example {identifier!r}: {len(choices)} choices; at least 2 are needed.")
    if not 0 <= label < len(choices):
        raise UserError(
            f"example {identifier!r}: label {label} is none of its {len(choices)} choices, which "
            f"are numbered from 0 to {len(choices) - 1}."
        )
