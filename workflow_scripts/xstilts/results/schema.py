"""Schema of result rows (``tables/results.*``); those of the other tables are in ``tables.py``."""

from __future__ import annotations

import pyarrow as pa

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
        # true for the target's headline metric
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
