"""Which evaluated examples have text that was trained on, by exact match after normalisation."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

import pyarrow as pa

from xstilts.data.text import example_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MIN_CHARACTERS = 20
"""Shorter units ("Yes.") repeat by chance; they are not counted."""

_SENTENCE_END = re.compile(r"(?<=[.!?。！？।؟])\s*")
_NOT_WORD = re.compile(r"[\W_]+")

OVERLAP_SCHEMA = pa.schema(
    [
        ("task", pa.string()),
        ("language", pa.string()),
        ("split", pa.string()),
        ("trained_on", pa.string()),
        ("examples", pa.int64()),
        ("overlapping", pa.int64()),
        ("first_id", pa.string()),
    ]
)


def units(text: str) -> Iterator[bytes]:
    """Digests of a text and of its sentences, case, width and punctuation ignored."""
    for part in {text, *_SENTENCE_END.split(text)}:
        folded = _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", part).casefold()).strip()
        if len(folded) >= MIN_CHARACTERS:
            yield hashlib.blake2b(folded.encode(), digest_size=8).digest()


def text_units(path: Path) -> set[bytes]:
    """All units of a data file."""
    return {unit for _, texts in example_texts(path) for text in texts for unit in units(text)}


def overlap(trained: Sequence[Path], evaluated: Sequence[Path]) -> pa.Table:
    """One row per evaluated data set and per training set that shares text with it.

    Args:
        trained: data files of all training sets, ``.../TASK/LANGUAGE/SPLIT.parquet``.
        evaluated: data files of all evaluated sets.

    Returns:
        Table of ``OVERLAP_SCHEMA``; a data set without any overlap has one row with
        ``trained_on`` = "(all)" and ``overlapping`` = 0.
    """
    seen = {path: text_units(path) for path in trained}
    rows = []
    for path in evaluated:
        examples = [(identifier, {u for text in texts for u in units(text)})
                    for identifier, texts in example_texts(path)]  # fmt: skip
        task, language, split = path.parts[-3], path.parts[-2], path.stem
        common = {"task": task, "language": language, "split": split, "examples": len(examples)}
        found = []
        for source, known in seen.items():
            hits = [identifier for identifier, own in examples if not own.isdisjoint(known)]
            if hits:
                name = "/".join([*source.parts[-3:-1], source.stem])
                found.append({"trained_on": name, "overlapping": len(hits), "first_id": hits[0]})
        found = found or [{"trained_on": "(all)", "overlapping": 0, "first_id": ""}]
        rows += [common | item for item in found]
    return pa.Table.from_pylist(rows, schema=OVERLAP_SCHEMA)
