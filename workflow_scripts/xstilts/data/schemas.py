"""The features of each kind of task: the schema of all examples after their source is read.

Labels are names, never numbers: hubs and papers number them differently.
:func:`xstilts.data.load.load_examples` converts them to a ``ClassLabel``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from datasets import Features, List, Value

if TYPE_CHECKING:
    from xstilts.kinds import Kind

_STRING = Value("string")

# Name of the examples that are not independent of each other; null for an example that is alone
_CLUSTER = {"cluster": _STRING}

# Both sides in one table. A query's matches are the ids of its right candidates; a candidate has
# none. Sides may differ in size (mining, distractors). Ids are unique within a side.
_SENTENCES = Features(
    {"id": _STRING, "side": _STRING, "text": _STRING, "matches": List(_STRING), **_CLUSTER}
)

FEATURES: dict[Kind, Features] = {
    "classification": Features(
        {"id": _STRING, "text_a": _STRING, "text_b": _STRING, "label": _STRING, **_CLUSTER}
    ),
    # start: offset of the answer in the context, in Unicode code points
    "span": Features(
        {
            "id": _STRING,
            "context": _STRING,
            "question": _STRING,
            "answers": List({"text": _STRING, "start": Value("int32")}),
            **_CLUSTER,
        }
    ),
    "tagging": Features(
        {"id": _STRING, "tokens": List(_STRING), "tags": List(_STRING), **_CLUSTER}
    ),
    # side: query or candidate
    "retrieval": _SENTENCES,
    "ranking": _SENTENCES,
    # side: also tuning_query and tuning_candidate, of the set that the threshold is chosen on
    "mining": _SENTENCES,
    # label: which choice is right, from 0; question: null where the task has none. The number of
    # choices is the same for all examples of a task.
    "multiple_choice": Features(
        {
            "id": _STRING,
            "context": _STRING,
            "question": _STRING,
            "choices": List(_STRING),
            "label": Value("int32"),
            **_CLUSTER,
        }
    ),
    # pair: the translation of text, for translation-pair MLM; null for plain MLM
    "mlm": Features({"id": _STRING, "text": _STRING, "pair": _STRING}),
}

_NULLABLE = {
    "classification": {"text_b"},
    "multiple_choice": {"question"},
    "mlm": {"pair"},
}


def _schema(kind: Kind) -> pa.Schema:
    """The features as a pyarrow schema: the features in its metadata, nullability in its fields."""
    schema = FEATURES[kind].arrow_schema
    nullable = {*_CLUSTER, *_NULLABLE.get(kind, ())}
    return pa.schema(
        [field.with_nullable(field.name in nullable) for field in schema], schema.metadata
    )


SCHEMAS: dict[Kind, pa.Schema] = {kind: _schema(kind) for kind in FEATURES}
"""The same as pyarrow schemas, for writing: a null in a non-nullable column is an error."""
