"""Tokenisation of a data set: from Parquet to its token file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.errors import UserError
from xstilts.features import load
from xstilts.tokens.options import TokenOptions
from xstilts.tokens.specials import special_names
from xstilts.tokens.store import TOKEN_TYPES, write_tokens
from xstilts.tokens.tokenizer import FastTokenizer, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.config.recipe import Truncation

LABEL_COLUMNS = {"classification": "label", "tagging": "tags"}
"""Column with the labels in the data schema of a kind."""

BATCH_ROWS = 2_000
"""Examples per batch: enough for the tokenizer's threads, few enough for memory."""


def prepare_tokens(
    data: Path,
    out: Path,
    *,
    kind: str,
    labels: Sequence[str],
    tokenizer_dir: Path,
    max_length: int,
    doc_stride: int,
    truncation: Truncation = "context",
) -> dict[str, int]:
    """Tokenise a data set into ``out``.

    Args:
        data: Parquet file in the data schema of ``kind``.
        out: Arrow file of sequences (``xstilts.tokens.store``), written atomically.
        kind: kind of the task.
        labels: label names in class order; empty for those of the data in alphabetical order, and
            for kinds without labels.
        tokenizer_dir: folder in Hugging Face format with a ``tokenizer.json``.
        max_length: maximum length of a sequence in tokens.
        doc_stride: tokens between the starts of consecutive windows (span only).
        truncation: text that a sequence of more than ``max_length`` tokens loses (multiple choice
            only).

    Returns:
        ``num_examples``, ``num_sequences``, ``num_tokens``, ``num_truncated`` (examples) and
        ``num_unknown`` (tokens; 0 for a tokenizer without such token).

    Raises:
        UserError: the tokenizer or the data cannot be used; names the example.
    """
    encoder = load("tokens", kind)
    tokenizer = load_tokenizer(tokenizer_dir)
    if kind == "mlm" and tokenizer.mask_id is None:
        raise UserError(
            f"{tokenizer_dir}: the tokenizer has no mask token, so this model cannot be trained by "
            "masked language modelling. Leave mlm and tlm out of this base's strategies; if it has "
            "a mask token under another name, name it in tokenizer_config.json, as in "
            "{mask_token: ...}."
        )
    if max_length <= tokenizer.pair.size + 2:
        raise UserError(
            f"max_length: {max_length} leaves no room for text next to the "
            f"{tokenizer.pair.size} special tokens of a pair. Use at least 16."
        )
    file = pq.ParquetFile(data)
    labels = labels or _labels_in(file, kind)
    options = TokenOptions(
        labels=tuple(labels), max_length=max_length, doc_stride=doc_stride, truncation=truncation
    )
    num_examples = file.metadata.num_rows
    counts: Counter[str] = Counter(num_examples=num_examples)
    unknown = _unknown_id(tokenizer, tokenizer_dir)

    def encoded() -> Iterator[pa.RecordBatch]:
        for first_row, batch in _batches(file):
            sequences, truncated = encoder.encode(batch, tokenizer, options, first_row)
            counts["num_sequences"] += sequences.num_rows
            ids = sequences.column("input_ids").values.to_numpy()
            counts["num_tokens"] += len(ids)
            counts["num_unknown"] += int((ids == unknown).sum())
            counts["num_truncated"] += truncated
            yield sequences

    schema = encoder.SCHEMA.append(TOKEN_TYPES) if tokenizer.has_token_types else encoder.SCHEMA
    metadata = _metadata(kind, labels, tokenizer, num_examples)
    write_tokens(out, schema, encoded(), metadata)
    keys = ("num_examples", "num_sequences", "num_tokens", "num_truncated", "num_unknown")
    return {key: counts[key] for key in keys}


def _unknown_id(tokenizer: FastTokenizer, folder: Path) -> int:
    """Return the id of the unknown token, named or conventional; -1 if there is none."""
    find = tokenizer.backend.token_to_id
    names = (special_names(folder).get("unk"), "<unk>", "[UNK]")
    return next((i for name in names if name and (i := find(name)) is not None), -1)


def _labels_in(file: pq.ParquetFile, kind: str) -> list[str]:
    """Return the labels of a data set; none for kinds without labels."""
    found: set[str] = set()
    if column := LABEL_COLUMNS.get(kind):
        for batch in file.iter_batches(BATCH_ROWS, columns=[column]):
            values = batch.column(column)
            found |= set((values.flatten() if kind == "tagging" else values).unique().to_pylist())
    return sorted(found)


def _batches(file: pq.ParquetFile) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield record batches with the row of their first example."""
    first_row = 0
    for batch in file.iter_batches(BATCH_ROWS):
        yield first_row, batch
        first_row += batch.num_rows


def _metadata(
    kind: str, labels: Sequence[str], tokenizer: FastTokenizer, num_examples: int
) -> dict[str, Any]:
    """Return the metadata by which training and prediction do without the tokenizer."""
    return {
        "kind": kind,
        "labels": list(labels),
        "num_examples": num_examples,
        "pad_id": tokenizer.pad_id,
        "mask_id": tokenizer.mask_id,
        "cls_id": tokenizer.cls_id,
        "special_ids": list(tokenizer.special_ids),
        "vocab_size": tokenizer.vocab_size,
    }
