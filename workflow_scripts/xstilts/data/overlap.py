"""Finds evaluated examples whose text was trained on, by exact match after normalisation."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

import pyarrow as pa

from xstilts.data.text import example_fields, example_texts

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
        # shared questions or hypotheses are no leak by themselves; shared contexts may be
        ("field", pa.string()),
        ("trained_on", pa.string()),
        ("examples", pa.int64()),
        ("overlapping", pa.int64()),
        ("first_id", pa.string()),
    ]
)


def units(text: str) -> Iterator[bytes]:
    """Yield digests of a text and of its sentences; case, width and punctuation are ignored."""
    for part in {text, *_SENTENCE_END.split(text)}:
        folded = _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", part).casefold()).strip()
        if len(folded) >= MIN_CHARACTERS:
            yield hashlib.blake2b(folded.encode(), digest_size=8).digest()


def text_units(path: Path) -> set[bytes]:
    """All units of a data file."""
    return {unit for _, texts in example_texts(path) for text in texts for unit in units(text)}


def overlap(trained: Sequence[Path], evaluated: Sequence[Path]) -> pa.Table:
    """Return one row per evaluated data set, field and training set that share text.

    Args:
        trained: data files of all training sets, ``.../TASK/LANGUAGE/SPLIT.parquet``.
        evaluated: data files of all evaluated sets.

    Returns:
        Table of ``OVERLAP_SCHEMA``; a data set without any overlap has one row with
        ``trained_on`` and ``field`` = "(all)" and ``overlapping`` = 0.
    """
    known = {"/".join([*p.parts[-3:-1], p.stem]): text_units(p) for p in trained}
    rows = []
    for path in evaluated:
        examples = [
            (
                identifier,
                {
                    name: {u for text in texts for u in units(text)}
                    for name, texts in fields.items()
                },
            )
            for identifier, fields in example_fields(path)
        ]
        task, language = path.parts[-3:-1]
        common = {"task": task, "language": language, "split": path.stem, "examples": len(examples)}
        found = [
            {"trained_on": source, "field": name, "overlapping": len(hits), "first_id": hits[0]}
            for source, theirs in known.items()
            for name in dict.fromkeys(name for _, fields in examples for name in fields)
            if (hits := _sharing(examples, name, theirs))
        ]
        found = found or [{"trained_on": "(all)", "field": "(all)", "overlapping": 0}]
        rows += [common | {"first_id": ""} | item for item in found]
    return pa.Table.from_pylist(rows, schema=OVERLAP_SCHEMA)


def _sharing(
    examples: Sequence[tuple[str, dict[str, set[bytes]]]], field: str, known: set[bytes]
) -> list[str]:
    """Ids of the examples with a known unit in this field."""
    return [
        identifier
        for identifier, fields in examples
        if not fields.get(field, set()).isdisjoint(known)
    ]
