"""SQuAD v1.1 as retrieval of answer sentences: the training data of LAReQA."""

from __future__ import annotations

from dataclasses import replace

from xstilts.readers.squad_pairs import read_hub_squad_pairs, read_squad_pairs
from xstilts.tasks import squad_v1
from xstilts.tasks.base import Task

TASK = Task(
    name="squad_pairs",
    kind="ranking",
    title="Which sentence of a pool answers the question?",
    languages=squad_v1.TASK.languages,
    files=squad_v1.TASK.files,
    release=squad_v1.TASK.release,
    read=read_squad_pairs,
    hub=replace(squad_v1.HUB, read=read_hub_squad_pairs),
    includes=("squad_v1",),
    metric="map_at_20",
    train="squad_pairs",
    # google-research/xtreme train_lareqa.sh: 4 batches of 4, each with 4 candidates; here all
    # candidates of a step are compared. Questions have at most 96 tokens there, answers 256
    recipe={
        "learning_rate": 2e-5,
        "batch_size": 16,
        "epochs": 3.0,
        "warmup": 0.0,
        "weight_decay": 0.0,
        "max_length": 256,
    },
    microworld="answers",
    licence=squad_v1.TASK.licence,
    citation=squad_v1.TASK.citation,
    homepage=squad_v1.TASK.homepage,
)
