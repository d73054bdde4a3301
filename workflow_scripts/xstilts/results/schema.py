"""The Parquet schemas of predictions and of result rows: the only place that lists the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from xstilts.tasks.base import Kind

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
    # one tag per word of the data set, also where the sentence was split for the model
    "tagging": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("gold", pa.list_(pa.string()), nullable=False),
            pa.field("prediction", pa.list_(pa.string()), nullable=False),
        ]
    ),
    # one row per query and layer (index into the hidden states, 0 = embeddings);
    # gold: ids of the right candidates; score: cosine to the predicted one
    "retrieval": pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("layer", pa.int16(), nullable=False),
            pa.field("gold", pa.list_(pa.string()), nullable=False),
            pa.field("prediction", pa.string(), nullable=False),
            pa.field("score", pa.float32(), nullable=False),
        ]
    ),
}

METADATA_KEY = b"xstilts"
"""Key of the JSON object in a prediction file's schema metadata."""

RESULT_SCHEMA = pa.schema(
    [
        pa.field("study", pa.string(), nullable=False),
        # name of the pretrained base model in the study
        pa.field("model", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        # the intermediate stages of the strategy; "none" for plain target training
        pa.field("chain", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        # 0-100
        pa.field("value", pa.float64(), nullable=False),
        # number of examples (sentences, not tokens)
        pa.field("n", pa.int64(), nullable=False),
        pa.field("protocol", pa.string(), nullable=False),
        # whether the metric is the one that the target is known by
        pa.field("headline", pa.bool_(), nullable=False),
        pa.field("identity_model", pa.string(), nullable=False),
        pa.field("identity_data", pa.string(), nullable=False),
        pa.field("identity_code", pa.string(), nullable=False),
        # JSON object: library to version, of the prediction
        pa.field("versions", pa.string(), nullable=False),
        # wall-clock time of predicting this language
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("device", pa.string(), nullable=False),
    ]
)
