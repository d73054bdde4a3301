"""SQuAD v1.1: the English training data of XQuAD and MLQA, and an intermediate task."""

from __future__ import annotations

from xstilts.readers.hub_parquet import read_questions
from xstilts.readers.squad_json import read_squad
from xstilts.tasks.base import Archive, HubSource, Release, Task

HUB = HubSource(
    repo="rajpurkar/squad",
    revision="main",
    files={
        "train": ("plain_text/train-*.parquet", "plain_text/train/*.parquet"),
        "validation": ("plain_text/validation-*.parquet", "plain_text/validation/*.parquet"),
    },
    read=read_questions,
)

TASK = Task(
    name="squad_v1",
    kind="span",
    title="Which words of the paragraph answer the question?",
    languages=("en",),
    files={
        "train": ("squad/train-v1.1.json", "squad_v1/train-v1.1.json"),
        "validation": ("squad/dev-v1.1.json", "squad_v1/dev-v1.1.json"),
    },
    read=read_squad,
    release=Release(
        files={
            "train": (
                Archive(
                    url="https://rajpurkar.github.io/SQuAD-explorer/dataset/train-v1.1.json",
                    into="squad/train-v1.1.json",
                    sha256="3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955",
                    size=30_288_272,
                    seen="tensorflow/datasets question_answering/squad/checksums.tsv",
                ),
            ),
            "validation": (
                Archive(
                    url="https://rajpurkar.github.io/SQuAD-explorer/dataset/dev-v1.1.json",
                    into="squad/dev-v1.1.json",
                    sha256="95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9",
                    size=4_854_279,
                    seen="tensorflow/datasets question_answering/squad/checksums.tsv",
                ),
            ),
        }
    ),
    hub=HUB,
    metric="mean_em_f1",
    train="squad_v1",
    # jiant's XTREME guide, the column XQuAD (which trains on SQuAD): batches of 4 x 4
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 16,
        "epochs": 2.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 384,
        "doc_stride": 128,
    },
    sizes={"train": 87_599, "validation": 10_570},
    download=35_142_551,
    words=138,
    microworld="qa",
    licence="CC BY-SA 4.0",
    citation="@inproceedings{rajpurkar-etal-2016-squad, "
    "title={SQuAD: 100,000+ Questions for Machine Comprehension of Text}, "
    "author={Rajpurkar, Pranav and Zhang, Jian and Lopyrev, Konstantin and Liang, Percy}, "
    "booktitle={EMNLP}, year={2016}}",
    homepage="https://rajpurkar.github.io/SQuAD-explorer/",
)
