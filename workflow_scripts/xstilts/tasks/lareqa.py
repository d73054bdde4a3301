"""LAReQA on XQuAD-R: sentences of eleven languages that answer a question of one of them."""

from __future__ import annotations

from xstilts.readers.lareqa import LANGUAGES, read_lareqa
from xstilts.tasks.base import Task

TASK = Task(
    name="lareqa",
    kind="ranking",
    title="Answering sentences in every language, ranked above all others of the pool",
    languages=LANGUAGES,
    # all languages, whatever the question's: the candidates are one pool
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
