"""SIB-200: topics of sentences of FLORES-200, parallel in 205 language varieties."""

from __future__ import annotations

from functools import partial

from xstilts.flores import FLORES, VARIETIES
from xstilts.readers.delimited import read_labelled
from xstilts.tasks.base import HubSource, Task, files_by_language, release_by_language

LABELS = (
    "entertainment",
    "geography",
    "health",
    "politics",
    "science/technology",
    "sports",
    "travel",
)

CODES = {language: FLORES[language] for language in VARIETIES}

REPOSITORY, COMMIT = "dadelani/sib-200", "593cea88519930f776c1a4a1980b6a35b39dca57"
FOLDERS = ("sib200/data/annotated", "sib-200/data/annotated", "sib200/data", "sib200")
"""Folders of the release, of its repository under its own name, and of copies."""

# the index of a sentence in FLORES-200 is its id in all languages
_READ = partial(
    read_labelled, labels=LABELS, text_a=("text",), label="category", identifier="index_id"
)

TASK = Task(
    name="sib200",
    kind="classification",
    title="What is the topic of the sentence?",
    languages=VARIETIES,
    files=files_by_language(FOLDERS, ".tsv"),
    codes=CODES,
    read=_READ,
    # the same tables as in the release
    release=release_by_language(REPOSITORY, COMMIT, "data/annotated", FOLDERS[0], ".tsv"),
    hub=HubSource(
        repo="Davlan/sib200",
        revision="main",
        files=files_by_language(["data"], ".tsv"),
        codes=CODES,
        read=_READ,
    ),
    labels=LABELS,
    metric="accuracy",
    train="sib200",
    # dadelani/sib-200 @ 593cea8, code/xlmr_zero.sh: 2 x 16 examples; AdamW's defaults elsewhere
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 32,
        "epochs": 20.0,
        "warmup": 0.0,
        "weight_decay": 0.0,
        "max_length": 164,
    },
    sizes={"train": 701, "validation": 99, "test": 204},
    corpus="flores200",
    words=21,
    licence="CC BY-SA 4.0",
    citation="@inproceedings{adelani-etal-2024-sib, "
    "title={{SIB}-200: A Simple, Inclusive, and Big Evaluation Dataset for Topic Classification "
    "in 200+ Languages and Dialects}, author={Adelani, David Ifeoluwa and Liu, Hannah and "
    "Shen, Xiaoyu and Vassilyev, Nikita and Alabi, Jesujoba O. and Mao, Yanke and Gao, Haonan and "
    "Lee, En-Shiun Annie}, booktitle={EACL}, year={2024}}",
    homepage="https://github.com/dadelani/sib-200",
)
