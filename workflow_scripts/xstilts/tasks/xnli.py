"""XNLI: MultiNLI's question asked in 15 languages."""

from __future__ import annotations

from functools import partial

from xstilts.readers.tsv import read_pairs
from xstilts.tasks.base import Task

# XTREME's order, and that of MultiNLI, on which the target stage trains
LABELS = ("contradiction", "entailment", "neutral")

TASK = Task(
    name="xnli",
    kind="classification",
    title="Natural language inference on professionally translated pairs",
    languages=tuple("ar bg de el en es fr hi ru sw th tr ur vi zh".split()),
    files={
        # MultiNLI translated by machine, part of the release: for chains such as xnli@de
        "train": (
            "XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",
            "xnli/XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",
        ),
        "validation": (
            "xnli/dev-{language}.tsv",
            "xnli/XNLI-1.0/xnli.dev.tsv",
            "XNLI-1.0/xnli.dev.tsv",
        ),
        "test": (
            "xnli/test-{language}.labelled.tsv",
            "xnli/XNLI-1.0/xnli.test.tsv",
            "XNLI-1.0/xnli.test.tsv",
            # XTREME's download has no labels here; a copy that has them is read
            "xnli/test-{language}.tsv",
        ),
    },
    read=partial(read_pairs, labels=LABELS),
    labels=LABELS,
    metric="accuracy",
    train="mnli",
    # jiant's XTREME guide: batches of 4 x 8
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 32,
        "epochs": 2.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
    },
    microworld="nli",
    licence="CC BY-NC 4.0",
    citation="@inproceedings{conneau-etal-2018-xnli, "
    "title={XNLI: Evaluating Cross-lingual Sentence Representations}, "
    "author={Conneau, Alexis and Rinott, Ruty and Lample, Guillaume and Williams, Adina and "
    "Bowman, Samuel and Schwenk, Holger and Stoyanov, Veselin}, "
    "booktitle={EMNLP}, year={2018}}",
    homepage="https://github.com/facebookresearch/XNLI",
)
