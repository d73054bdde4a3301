"""Parquet schema of each kind's predictions, the single definition of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from xstilts.kinds import Kind

PREDICTION_SCHEMAS: dict[Kind, pa.Schema] = {
    # gold and prediction: label names; probabilities: in the order of the task's labels
    "classification": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("gold", pa.string(), nullable=False),
            pa.field("prediction", pa.string(), nullable=False),
            pa.field("probabilities", pa.list_(pa.float32()), nullable=False),
        ]
    ),
    # gold: all right answers; score: sum of the start and end logits of the prediction
    "span": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("gold", pa.list_(pa.string()), nullable=False),
            pa.field("prediction", pa.string(), nullable=False),
            pa.field("score", pa.float32(), nullable=False),
        ]
    ),
    # one tag per word of the data set, even if the sentence was split for the model
    "tagging": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("gold", pa.list_(pa.string()), nullable=False),
            pa.field("prediction", pa.list_(pa.string()), nullable=False),
        ]
    ),
    # gold and prediction: index of the choice; probabilities: one per choice
    "multiple_choice": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("gold", pa.int32(), nullable=False),
            pa.field("prediction", pa.int32(), nullable=False),
            pa.field("probabilities", pa.list_(pa.float32()), nullable=False),
        ]
    ),
    # one row per query and layer (index into the hidden states, 0 = embeddings);
    # gold: ids of the right candidates; score: similarity to the predicted one
    "retrieval": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("layer", pa.int16(), nullable=False),
            pa.field("gold", pa.list_(pa.string()), nullable=False),
            pa.field("prediction", pa.string(), nullable=False),
            pa.field("score", pa.float32(), nullable=False),
        ]
    ),
    # one row per mined pair of ids, and one for each query that has gold but no pair;
    # part: evaluated, or tuning (of the threshold); gold: ids of the query's translations
    "mining": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("part", pa.string(), nullable=False),
            pa.field("layer", pa.int16(), nullable=False),
            pa.field("gold", pa.list_(pa.string()), nullable=False),
            pa.field("prediction", pa.string()),
            pa.field("score", pa.float32()),
        ]
    ),
    # one row per query and layer; prediction: ids of the nearest candidates, the nearest first;
    # score: their cosines
    "ranking": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("layer", pa.int16(), nullable=False),
            pa.field("gold", pa.list_(pa.string()), nullable=False),
            pa.field("prediction", pa.list_(pa.string()), nullable=False),
            pa.field("score", pa.list_(pa.float32()), nullable=False),
        ]
    ),
}
