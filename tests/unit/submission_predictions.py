"""Made-up predictions of every kind, for the tests of submissions."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.config.protocol import PROTOCOLS
from xstilts.layers import layer_at
from xstilts.prediction.schemas import PREDICTION_SCHEMAS
from xstilts.schema_metadata import with_metadata
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from xstilts.grid import Grid

NUM_LAYERS = 3


def predicted(task: str, language: str) -> list[dict[str, Any]]:
    """Random predictions, some of them right, some answers empty."""
    draw = random.Random(f"{task} {language}")
    kind, labels = TASKS[task].kind, TASKS[task].labels
    if kind == "mining":
        return mined(draw)
    rows: list[dict[str, Any]] = []
    for number in range(25):
        row: dict[str, Any] = {"id": f"e{number}"}
        if kind == "classification":
            row |= {"gold": draw.choice(labels), "prediction": draw.choice(labels)}
            row["probabilities"] = [0.5, 0.25, 0.25]
        elif kind == "tagging":
            length = draw.randint(1, 6)
            gold = draw.choices(labels, k=length)
            mixed = [tag if draw.random() < 0.6 else draw.choice(labels) for tag in gold]
            row |= {"gold": gold, "prediction": mixed}
        elif kind == "span":
            words = ["the", "Löwe!", "北京", "a cat", "дом", "«ok»", ""]
            answers = draw.choices(words, k=draw.randint(1, 3))
            row |= {"gold": answers, "prediction": " ".join(draw.choices(words, k=2)), "score": 1}
        elif kind == "ranking":
            ranked = draw.sample([f"Q{entity}" for entity in range(25)], 20)
            row |= {"gold": [f"Q{number}"], "prediction": ranked, "score": [0.5] * 20}
            # of a trained dual encoder, for every protocol
            row["layer"] = NUM_LAYERS
        else:
            row |= {"gold": [f"c{number}"], "prediction": f"c{draw.choice([number, 0, 24])}"}
            row |= {"id": f"q{number}", "score": 0.5}
        rows.append(row)
    if kind != "retrieval":
        return rows
    layers = range(NUM_LAYERS + 1)
    wrong = {"prediction": "c7"}
    depth = layer_at(PROTOCOLS["recommended"].depth("retrieval"), NUM_LAYERS)
    return [r | {"layer": n} | ({} if n == depth else wrong) for n in layers for r in rows]


def mined(draw: random.Random) -> list[dict[str, Any]]:
    """Pairs of both parts, a third of them right, with weakly informative scores."""
    rows = []
    layer = layer_at(PROTOCOLS["recommended"].depth("mining"), NUM_LAYERS)
    for part in ("evaluated", "tuning"):
        for number in range(40):
            right, score = number % 3 == 0, draw.random()
            rows.append(
                {
                    "id": f"qab-{part}-{number}",
                    "part": part,
                    "layer": layer,
                    "gold": [f"qaa-{number}"] if right else [],
                    "prediction": f"qaa-{number}",
                    "score": score + 0.3 * right,
                }
            )
    return rows


def write_predictions(grid: Grid, target: str, language: str, stages: tuple[str, ...]) -> Path:
    task = grid.targets[target].task
    path = Path(grid.paths.prediction("mini", 1, stages, target, language))
    schema = PREDICTION_SCHEMAS[task.kind]
    table = pa.Table.from_pylist(predicted(task.name, language), schema=schema)
    metadata = {"id": f"{target}-{language}", "num_layers": NUM_LAYERS, "model": "m", "data": "d"}
    metadata |= {"versions": {}, "seconds": 1.0, "device": "cpu"}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.cast(with_metadata(schema, metadata)), path)
    return path
