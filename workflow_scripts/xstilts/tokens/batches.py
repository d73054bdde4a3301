"""From sequences in a memory map to padded tensors, split into micro-batches that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from xstilts.device import to_device

if TYPE_CHECKING:
    from xstilts.tokens.store import TokenTable

IGNORED = -100
"""Target without loss, for padding."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Sequences:
    """The sequences of an effective batch before padding, the unit with the longest first."""

    lists: Mapping[str, Sequence[Array]]
    """Columns with one number per token."""
    scalars: Mapping[str, Array]
    """Columns with one number per sequence."""
    pad_id: int
    per_unit: int = 1
    """Sequences of a unit: adjacent, and always in one micro-batch."""

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sequence."""
        return [len(row) for row in self.lists["input_ids"]]


def read_sequences(
    tables: Sequence[TokenTable],
    sequences: Sequence[tuple[int, int]],
    scalars: Sequence[str] = (),
    lists: Sequence[str] = (),
    per_unit: int = 1,
) -> Sequences:
    """Read sequences from one or more token files of one tokenizer.

    Args:
        tables: the files.
        sequences: (index in ``tables``, row) of each sequence, the unit with the longest first.
        scalars: additional columns with one number per sequence.
        lists: additional columns with one number per token.
        per_unit: sequences of a unit, which stay together.
    """
    names = ["input_ids", *lists]
    names += [name for name in ("token_type_ids",) if name in tables[0].columns]
    return Sequences(
        {
            name: [tables[table].list_column(name).row(row) for table, row in sequences]
            for name in names
        },
        {
            name: np.array([tables[table].column(name)[row] for table, row in sequences])
            for name in scalars
        },
        int(tables[0].metadata["pad_id"]),
        per_unit,
    )


def select(sequences: Sequences, units: Sequence[int]) -> Sequences:
    """Return the sequences of the given units, in the given order."""
    size = sequences.per_unit
    rows = [unit * size + offset for unit in units for offset in range(size)]
    return Sequences(
        {name: [column[row] for row in rows] for name, column in sequences.lists.items()},
        {name: column[rows] for name, column in sequences.scalars.items()},
        sequences.pad_id,
        size,
    )


def micro_batches(lengths: Sequence[int], max_tokens: int, per_unit: int = 1) -> Iterator[slice]:
    """Yield ranges of sequences with at most ``max_tokens`` tokens, padding included.

    A larger unit is a micro-batch of its own.

    Args:
        lengths: tokens of each sequence, the unit with the longest sequence first.
        max_tokens: maximum tokens of a micro-batch; does not change the result of training.
        per_unit: sequences of a unit, which stay together.
    """
    start = 0
    while start < len(lengths):
        longest = max(1, *lengths[start : start + per_unit])
        count = max(1, max_tokens // (longest * per_unit)) * per_unit
        yield slice(start, start + count)
        start += count


def collate(sequences: Sequences, part: slice, device: torch.device) -> dict[str, torch.Tensor]:
    """Pad a part of a batch: tensors of sequences x longest sequence, and ``attention_mask``.

    A scalar column becomes a vector, or units x sequences per unit for units of several sequences.
    """
    rows = {name: column[part] for name, column in sequences.lists.items()}
    lengths = np.array([len(row) for row in rows["input_ids"]])
    inside = np.arange(lengths.max()) < lengths[:, None]
    padding = {"input_ids": sequences.pad_id, "token_type_ids": 0}
    arrays = {"attention_mask": inside.astype(np.int64)}
    for name, values in rows.items():
        array = np.full(inside.shape, padding.get(name, IGNORED), np.int64)
        array[inside] = np.concatenate(values)
        arrays[name] = array
    for name, column in sequences.scalars.items():
        numbers = column[part].astype(np.int64)
        arrays[name] = (
            numbers.reshape(-1, sequences.per_unit) if sequences.per_unit > 1 else numbers
        )
    return {name: to_device(torch.from_numpy(array), device) for name, array in arrays.items()}


MODEL_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def model_inputs(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors of a collated batch that the encoder takes."""
    return {name: tensors[name] for name in MODEL_INPUTS if name in tensors}
