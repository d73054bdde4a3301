"""LAReQA on XQuAD-R: retrieval of answer sentences in eleven languages for a question in one."""

from __future__ import annotations

from xstilts.readers.lareqa import LANGUAGES, read_lareqa
from xstilts.tasks.base import Task

TASK = Task(
    name="lareqa",
    kind="ranking",
    title="Which sentences of a pool in eleven languages answer the question?",
    languages=LANGUAGES,
    # all languages for every question: the candidates are one pool
    files={"test": ("lareqa/xquad-r/*.json", "xquad-r/*.json")},
    read=read_lareqa,
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
