"""PAWS-X: pairs with the same words in seven languages; paraphrases or not."""

from __future__ import annotations

from functools import partial

from xstilts.readers import hub_parquet
from xstilts.readers.tsv import read_pairs
from xstilts.tasks.base import Archive, HubSource, Release, Task

# 1: the two mean the same. So named in the files and in XTREME's predictions.
LABELS = ("0", "1")


def _patterns(name: str, processed: str) -> tuple[str, ...]:
    """Patterns of the original release, then of XTREME's preprocessed table."""
    folders = ("pawsx/x-final", "x-final", "pawsx")
    return (
        *(f"{folder}/{{language}}/{name}" for folder in folders),
        f"pawsx/{processed}-{{language}}.tsv",
    )


_ARCHIVE = Archive(
    url="https://storage.googleapis.com/paws/pawsx/x-final.tar.gz",
    members=(
        "x-final/en/train.tsv",
        *(f"x-final/*/{name}.tsv" for name in ("translated_train", "dev_2k", "test_2k")),
    ),
    sha256="4146db499101d66e68ae4c8ed3cf9dadecd625f44b7d8cf3d4a0fe93afc4fd9f",
    size=30_282_057,
    seen="tensorflow/datasets, text/paws_x_wiki/checksums.tsv and its dummy_data",
)

TASK = Task(
    name="pawsx",
    kind="classification",
    title="Do two sentences with many words in common mean the same?",
    languages=("de", "en", "es", "fr", "ja", "ko", "zh"),
    # A translation that failed left an empty text or "NS"; XTREME's script (pawsx_preprocess) keeps
    # these pairs and their labels, and so they are kept here.
    files={
        # the English training set, or a machine translation of it
        "train": _patterns("train.tsv|translated_train.tsv", "train"),
        "validation": _patterns("dev_2k.tsv", "dev"),
        # XTREME's download has no labels here; a copy that has them is read
        "test": _patterns("test_2k.tsv", "test"),
    },
    read=partial(read_pairs, labels=LABELS),
    release=Release(files=dict.fromkeys(("train", "validation", "test"), (_ARCHIVE,))),
    hub=HubSource(
        repo="google-research-datasets/paws-x",
        revision="main",
        files={
            "train": ("{language}/train-*.parquet", "{language}/train/*.parquet"),
            "validation": ("{language}/validation-*.parquet", "{language}/validation/*.parquet"),
            "test": ("{language}/test-*.parquet", "{language}/test/*.parquet"),
        },
        read=partial(
            hub_parquet.read_pairs,
            labels=LABELS,
            names=LABELS,
            columns=("sentence1", "sentence2", "label"),
        ),
    ),
    labels=LABELS,
    metric="accuracy",
    train="pawsx",
    # jiant's XTREME guide: batches of 4 x 8
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 32,
        "epochs": 5.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
    },
    sizes={"train": 49_401, "validation": 2_000, "test": 2_000},
    download=30_282_057,
    words=42,
    microworld="paraphrase",
    licence="free for any purpose; Google asks for acknowledgement",
    citation="@inproceedings{yang-etal-2019-paws, "
    "title={{PAWS-X}: A Cross-lingual Adversarial Dataset for Paraphrase Identification}, "
    "author={Yang, Yinfei and Zhang, Yuan and Tar, Chris and Baldridge, Jason}, "
    "booktitle={EMNLP}, year={2019}}",
    homepage="https://github.com/google-research-datasets/paws/tree/master/pawsx",
)
