"""AfriSenti: sentiment of tweets in 14 languages of Africa.

Oromo and Tigrinya have no training data: the benchmark's zero-shot languages. There is no English;
targets train on Hausa (``train: afrisenti@ha``), the largest of the twelve training sets.
"""

from __future__ import annotations

from functools import partial

from xstilts.iso639 import by_language
from xstilts.readers.delimited import read_labelled
from xstilts.readers.hub_texts import read_texts
from xstilts.tasks.base import CONVERTED, HubSource, Task, files_by_language, release_by_language

LABELS = ("negative", "neutral", "positive")

# Algerian (arq) and Moroccan Arabic (ary) have no script in their code: Moroccan tweets mix two
CODES = by_language("amh arq ary hau ibo kin orm pcm por swa tir tso twi yor".split())

# train, development and test tweets, counted in the release (afrisent-semeval-2023 @ 5aec3cf)
_COUNTED = {
    "amh": (5_984, 1_497, 1_999),
    "arq": (1_651, 414, 958),
    "ary": (5_583, 494, 2_961),
    "hau": (14_172, 2_677, 5_303),
    "ibo": (10_192, 1_841, 3_682),
    "kin": (3_302, 827, 1_026),
    "orm": (0, 396, 2_096),
    "pcm": (5_121, 1_281, 4_154),
    "por": (3_063, 767, 3_662),
    "swa": (1_810, 453, 748),
    "tir": (0, 398, 2_000),
    "tso": (804, 203, 254),
    "twi": (3_481, 388, 949),
    "yor": (8_522, 2_090, 4_515),
}


TASK = Task(
    name="afrisenti",
    kind="classification",
    title="Is the tweet positive, negative or neutral?",
    languages=tuple(CODES),
    files=files_by_language(["afrisenti/data", "afrisenti", "afrisent-semeval-2023/data"], ".tsv"),
    splits_of=dict.fromkeys(("om", "ti"), ("validation", "test")),
    codes=CODES,
    # quotation marks are those of the tweets, some repeated
    read=partial(read_labelled, labels=LABELS, text_a=("tweet",), lenient=True),
    release=release_by_language(
        "afrisenti-semeval/afrisent-semeval-2023",
        "5aec3cfcf87b59f885e98641f72e52182776429d",
        "data",
        "afrisenti/data",
        ".tsv",
    ),
    hub=HubSource(
        repo="shmuhammad/AfriSenti-twitter-sentiment",
        revision="refs/convert/parquet",
        files=CONVERTED,
        codes=CODES,
        read=partial(read_texts, labels=LABELS, columns=("tweet", "text")),
    ),
    labels=LABELS,
    metric="weighted_f1",
    scorer="class_f1",
    # in the study's source language; it has no English, for which `train: afrisenti@ha` replaces it
    train="afrisenti",
    # afrisent-semeval-2023 @ 5aec3cf, starter_kit/run_textclass.sh, but with five epochs: its one
    # is for a first try
    recipe={
        "learning_rate": 5e-5,
        "batch_size": 32,
        "epochs": 5.0,
        "warmup": 0.0,
        "weight_decay": 0.0,
        "max_length": 128,
    },
    sizes={"train": (804, 14_172), "validation": (203, 2_677), "test": (254, 5_303)},
    sizes_of={
        language: {
            **({"train": train} if train else {}),
            "validation": validation,
            "test": test,
        }
        for language, code in CODES.items()
        for train, validation, test in [_COUNTED[code]]
    },
    words=18,
    licence="CC BY 4.0",
    citation="@inproceedings{muhammad-etal-2023-afrisenti, "
    "title={{A}fri{S}enti: A {T}witter Sentiment Analysis Benchmark for {A}frican Languages}, "
    "author={Muhammad, Shamsuddeen Hassan and others}, booktitle={EMNLP}, year={2023}}",
    homepage="https://github.com/afrisenti-semeval/afrisent-semeval-2023",
)
