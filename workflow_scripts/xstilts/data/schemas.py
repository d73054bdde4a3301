"""The Parquet schema of each kind of task: the only shape in which examples travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from xstilts.kinds import Kind

# Both sides in one table. A query's matches are the ids of its right candidates; a candidate has
# none. Sides may differ in size (mining, distractors). Ids are unique within a side.
_SENTENCES = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("side", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("matches", pa.list_(pa.string()), nullable=False),
    ]
)

SCHEMAS: dict[Kind, pa.Schema] = {
    # label: the label's name, never a number (hubs and papers number them differently)
    "classification": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("text_a", pa.string(), nullable=False),
            pa.field("text_b", pa.string()),
            pa.field("label", pa.string(), nullable=False),
        ]
    ),
    # start: offset of the answer in the context, in Unicode code points
    "span": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("context", pa.string(), nullable=False),
            pa.field("question", pa.string(), nullable=False),
            pa.field(
                "answers",
                pa.list_(pa.struct([("text", pa.string()), ("start", pa.int32())])),
                nullable=False,
            ),
        ]
    ),
    "tagging": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("tokens", pa.list_(pa.string()), nullable=False),
            pa.field("tags", pa.list_(pa.string()), nullable=False),
        ]
    ),
    # side: query or candidate
    "retrieval": _SENTENCES,
    "ranking": _SENTENCES,
    # side: also tuning_query and tuning_candidate, of the set that the threshold is chosen on
    "mining": _SENTENCES,
    # label: which choice is right, from 0; question: null where the task has none. The number of
    # choices is the same for all examples of a task.
    "multiple_choice": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("context", pa.string(), nullable=False),
            pa.field("question", pa.string()),
            pa.field("choices", pa.list_(pa.string()), nullable=False),
            pa.field("label", pa.int32(), nullable=False),
        ]
    ),
    # pair: the translation of text, for translation-pair MLM; null for plain MLM
    "mlm": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            pa.field("pair", pa.string()),
        ]
    ),
}
