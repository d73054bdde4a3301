"""QQP: do two questions on Quora ask the same?"""

from __future__ import annotations

from functools import partial

from xstilts.readers import hub_parquet
from xstilts.readers.questions import read_questions
from xstilts.tasks import pawsx
from xstilts.tasks.base import Archive, HubSource, Release, Task

_ARCHIVE = Archive(
    url="https://dl.fbaipublicfiles.com/glue/data/QQP-clean.zip",
    members=("QQP/train.tsv", "QQP/dev.tsv"),
    sha256="40e7c862c04eb26ee04b67fd900e76c45c6ba8e6d8fab4f8f1f8072a1a3fbae0",
    size=41_696_084,
    seen="huggingface/datasets, datasets/glue/dataset_infos.json and glue.py",
)

TASK = Task(
    name="qqp",
    kind="classification",
    title="Do two questions on Quora ask the same?",
    languages=("en",),
    files={
        "train": (
            "qqp/train.tsv",
            "QQP/train.tsv",
            "glue_data/QQP/train.tsv",
            # all pairs, those of GLUE's validation and test sets among them
            "qqp/quora_duplicate_questions.tsv",
            "quora_duplicate_questions.tsv",
        ),
        "validation": ("qqp/dev.tsv", "QQP/dev.tsv", "glue_data/QQP/dev.tsv"),
    },
    read=partial(read_questions, labels=pawsx.LABELS),
    release=Release(files=dict.fromkeys(("train", "validation"), (_ARCHIVE,))),
    hub=HubSource(
        repo="nyu-mll/glue",
        revision="bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c",
        files={
            "train": ("qqp/train-*.parquet", "qqp/train/*.parquet"),
            "validation": ("qqp/validation-*.parquet", "qqp/validation/*.parquet"),
        },
        read=partial(
            hub_parquet.read_pairs,
            labels=pawsx.LABELS,
            names=("not_duplicate", "duplicate"),
            renamed={"not_duplicate": "0", "duplicate": "1"},
            columns=("question1", "question2", "label"),
        ),
    ),
    labels=pawsx.LABELS,
    metric="accuracy",
    train="qqp",
    # jiant's defaults (simple API); its XTREME guide has no column for QQP
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 32,
        "epochs": 3.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
    },
    sizes={"train": 363_846, "validation": 40_430},
    differs="Quora's own file has all pairs, those of GLUE's validation and test sets among them",
    download=41_696_084,
    words=22,
    microworld="paraphrase",
    stream="qqp",
    licence="Quora's terms: non-commercial use",
    citation="@misc{iyer-etal-2017-quora, "
    "title={First {Q}uora Dataset Release: Question Pairs}, "
    "author={Iyer, Shankar and Dandekar, Nikhil and Csernai, Korn{\\'e}l}, year={2017}}",
    homepage="https://quoradata.quora.com/First-Quora-Dataset-Release-Question-Pairs",
)
