"""SIB-200 as retrieval: its sentences of FLORES-200 in English and 204 other varieties.

All splits are one pool of 1,004 sentences, so that none of them is training data for it.
"""

from __future__ import annotations

from xstilts.readers.sib200_pairs import read_sib200_pairs
from xstilts.tasks import sib200
from xstilts.tasks.base import HubSource, Release, Task, on_github

_CODES = {language: code for language, code in sib200.CODES.items() if language != "en"}
_FILES = (
    "{folder}/{{code}}/dev.tsv|test.tsv|train.tsv + {folder}/eng_Latn/dev.tsv|test.tsv|train.tsv"
)

TASK = Task(
    name="sib200_pairs",
    kind="retrieval",
    title="Which sentence of another language is the translation of the English one?",
    languages=tuple(_CODES),
    files={"test": tuple(_FILES.format(folder=folder) for folder in sib200.FOLDERS)},
    codes=_CODES,
    read=read_sib200_pairs,
    release=Release(
        files={
            "test": tuple(
                on_github(
                    sib200.REPOSITORY,
                    sib200.COMMIT,
                    f"data/annotated/{code}/{name}.tsv",
                    f"sib200/data/annotated/{code}/{name}.tsv",
                )
                for code in ("{code}", "eng_Latn")
                for name in ("train", "dev", "test")
            )
        }
    ),
    hub=HubSource(
        repo="Davlan/sib200",
        revision="main",
        files={"test": (_FILES.format(folder="data"),)},
        codes=_CODES,
        read=read_sib200_pairs,
    ),
    metric="accuracy",
    train=None,
    recipe={"max_length": 164},
    sizes={"test": 1_004},
    corpus=sib200.TASK.corpus,
    words=21,
    licence=sib200.TASK.licence,
    citation=sib200.TASK.citation,
    homepage=sib200.TASK.homepage,
)
