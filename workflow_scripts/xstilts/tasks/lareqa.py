"""LAReQA on XQuAD-R: retrieval of answer sentences in eleven languages for a question in one."""

from __future__ import annotations

from xstilts.readers.lareqa import LANGUAGES, read_lareqa
from xstilts.tasks.base import Release, Task, on_github

TASK = Task(
    name="lareqa",
    kind="ranking",
    title="Which sentences of a pool in eleven languages answer the question?",
    languages=LANGUAGES,
    # all languages for every question: the candidates are one pool
    files={"test": ("lareqa/xquad-r/*.json", "xquad-r/*.json")},
    read=read_lareqa,
    release=Release(
        files={
            "test": tuple(
                on_github(
                    "google-research-datasets/lareqa",
                    "5405d2a77e83d5ccb47623a3f9e5604c3f103193",
                    f"xquad-r/{code}.json",
                    f"lareqa/xquad-r/{code}.json",
                )
                for code in LANGUAGES
            )
        }
    ),
    metric="map_at_20",
    train="squad_pairs",
    # google-research/xtreme run_eval_lareqa.sh: answers of at most 256 tokens
    recipe={"max_length": 256},
    # questions; the pool has 13,014 candidates, of all languages
    sizes={"test": 1_190},
    words=20,
    microworld="answers",
    licence="CC BY-SA 4.0",
    citation="@inproceedings{roy-etal-2020-lareqa, "
    "title={{LAReQA}: Language-Agnostic Answer Retrieval from a Multilingual Pool}, "
    "author={Roy, Uma and Constant, Noah and Al-Rfou, Rami and Barua, Aditya and "
    "Phillips, Aaron and Yang, Yinfei}, booktitle={EMNLP}, year={2020}}",
    homepage="https://github.com/google-research-datasets/lareqa",
)
