"""SQuAD v2.0: SQuAD v1.1 and questions that the paragraph does not answer."""

from __future__ import annotations

from functools import partial

from xstilts.readers.hub_parquet import read_questions
from xstilts.readers.squad_json import read_squad
from xstilts.tasks import squad_v1
from xstilts.tasks.base import Archive, HubSource, Release, Task

TASK = Task(
    name="squad_v2",
    kind="span",
    title="Which words of the paragraph answer the question, if any do?",
    languages=("en",),
    files={
        "train": ("squad_v2/train-v2.0.json", "squad/train-v2.0.json"),
        "validation": ("squad_v2/dev-v2.0.json", "squad/dev-v2.0.json"),
    },
    read=partial(read_squad, unanswerable=True),
    release=Release(
        files={
            "train": (
                Archive(
                    url="https://rajpurkar.github.io/SQuAD-explorer/dataset/train-v2.0.json",
                    into="squad_v2/train-v2.0.json",
                    sha256="68dcfbb971bd3e96d5b46c7177b16c1a4e7d4bdef19fb204502738552dede002",
                    size=42_123_633,
                    seen="tensorflow/datasets question_answering/squad/checksums.tsv",
                ),
            ),
            "validation": (
                Archive(
                    url="https://rajpurkar.github.io/SQuAD-explorer/dataset/dev-v2.0.json",
                    into="squad_v2/dev-v2.0.json",
                    sha256="80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8",
                    size=4_370_528,
                    seen="tensorflow/datasets question_answering/squad/checksums.tsv",
                ),
            ),
        }
    ),
    hub=HubSource(
        repo="rajpurkar/squad_v2",
        revision="3ffb306f725f7d2ce8394bc1873b24868140c412",
        files={
            "train": ("squad_v2/train-*.parquet", "squad_v2/train/*.parquet"),
            "validation": ("squad_v2/validation-*.parquet", "squad_v2/validation/*.parquet"),
        },
        read=partial(read_questions, unanswerable=True),
    ),
    includes=("squad_v1",),
    metric="mean_em_f1",
    scorer="squad_v2",
    may_lack_answer=True,
    train="squad_v2",
    # jiant's guide has no column for it; this is the one for SQuAD v1.1. Threshold 0 is the
    # default of BERT's script
    recipe=dict(squad_v1.TASK.recipe) | {"null_threshold": 0.0},
    sizes={"train": 130_319, "validation": 11_873},
    words=130,
    microworld="qa_unanswerable",
    licence="CC BY-SA 4.0",
    citation="@inproceedings{rajpurkar-etal-2018-know, "
    "title={Know What You Don't Know: Unanswerable Questions for {SQuAD}}, "
    "author={Rajpurkar, Pranav and Jia, Robin and Liang, Percy}, "
    "booktitle={ACL}, year={2018}}",
    homepage="https://rajpurkar.github.io/SQuAD-explorer/",
)
