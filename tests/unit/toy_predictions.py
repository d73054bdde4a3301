"""A random model with a head of each kind, and its predictions of one language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch
from engine_world import ARCHITECTURE, labels_of

from xstilts.models.encoder import build_encoder, save_encoder
from xstilts.models.heads import HeadSpec, new_head, save_heads
from xstilts.prediction.options import PredictOptions
from xstilts.prediction.run import Item, predict

KINDS = ("classification", "span", "tagging", "multiple_choice")


def save_random_model(folder: Path) -> Path:
    """An untrained model with a head of each kind, whose outputs are far apart."""
    torch.manual_seed(3)
    encoder = build_encoder({**ARCHITECTURE, "vocab_size": 200})
    specs = {kind: HeadSpec(kind=kind, labels=labels_of(kind)) for kind in KINDS}
    heads = {kind: new_head(spec, encoder.config) for kind, spec in specs.items()}
    for module in (encoder, *heads.values()):
        for parameter in module.parameters():
            if parameter.ndim > 1:
                parameter.data.mul_(6)
    save_encoder(encoder, folder)
    save_heads(heads, specs, folder)
    return folder


def run(model: Path, folder: Path, kind: str, data: Path, tokens: Path, **changes: Any) -> Any:
    """Predictions of one language as a table."""
    out = folder / f"{kind}.predictions.parquet"
    values: dict[str, Any] = {
        "task": kind,
        "kind": kind,
        "labels": labels_of(kind),
        "items": [Item(language="en", tokens=tokens, data=data, out=out)],
        "options": PredictOptions(),
        "max_tokens": 4096,
        "num_threads": 1,
        "device": "cpu",
    }
    predict(model, **(values | changes))
    return pq.read_table(out)
