"""Belebele: questions about passages of FLORES-200, parallel in 122 language varieties.

It has no training data of its own. Its authors train on an English mixture of RACE, SciQ, MultiRC,
MCTest, MCScript2.0 and ReClor, which their script ``assemble_training_set.py`` downloads and writes
to one table: the training set of this task, for those who have made it (``train: belebele``).
Without it, targets train on Cosmos QA: English, four answers, with a passage as well.
"""

from __future__ import annotations

from xstilts.flores import BELEBELE, FLORES
from xstilts.readers.belebele import read_belebele
from xstilts.tasks import cosmosqa, sib200
from xstilts.tasks.base import Archive, HubSource, Release, Task

_CODES = {language: FLORES[language] for language in BELEBELE}

TASK = Task(
    name="belebele",
    kind="multiple_choice",
    title="Which of four answers to a question about the passage is right?",
    languages=BELEBELE,
    files={
        "train": ("belebele/belebele_training_set.tsv",),
        "test": (
            "belebele/{code}.jsonl",
            "belebele/Belebele/{code}.jsonl",
            "belebele/data/{code}.jsonl",
            "Belebele/{code}.jsonl",
        ),
    },
    splits_of={language: ("test",) for language in BELEBELE if language != "en"},
    codes=_CODES,
    read=read_belebele,
    # the same files as in the release
    release=Release(
        files={
            "test": (
                Archive(
                    url="https://dl.fbaipublicfiles.com/belebele/Belebele.zip",
                    members=("Belebele/*.jsonl",),
                    into="belebele",
                    seen="github.com/facebookresearch/belebele, README",
                    unverified="the names of the members",
                ),
            )
        },
        lacks="the training set is assembled by the script of its repository",
    ),
    hub=HubSource(
        repo="facebook/belebele",
        revision="main",
        files={"test": ("data/{code}.jsonl",)},
        codes=_CODES,
        read=read_belebele,
    ),
    metric="accuracy",
    train="cosmosqa",
    # that of Cosmos QA, with room for passage and answers
    recipe=dict(cosmosqa.TASK.recipe) | {"max_length": 512},
    sizes={"test": 900},
    corpus=sib200.TASK.corpus,
    words=100,
    choices=4,
    licence="CC BY-SA 4.0; the assembled training set: that of its parts",
    citation="@inproceedings{bandarkar-etal-2024-belebele, "
    "title={The Belebele Benchmark: a Parallel Reading Comprehension Dataset in 122 Language "
    "Variants}, author={Bandarkar, Lucas and Liang, Davis and Muller, Benjamin and Artetxe, Mikel "
    "and Shukla, Satya Narayan and Husa, Donald and Goyal, Naman and Krishnan, Abhinandan and "
    "Zettlemoyer, Luke and Khabsa, Madian}, booktitle={ACL}, year={2024}}",
    homepage="https://github.com/facebookresearch/belebele",
)
