"""Cosmos QA: an intermediate task of the paper. Its test set has no labels and is not offered."""

from __future__ import annotations

from functools import partial

from xstilts.readers.cosmosqa import read_cosmosqa
from xstilts.readers.hub_choices import read_choices
from xstilts.tasks.base import Archive, HubSource, Release, Task


def _files(name: str) -> tuple[str, ...]:
    return tuple(
        f"cosmosqa/{folder}{name}.{form}" for form in ("csv", "jsonl") for folder in ("", "data/")
    )


TASK = Task(
    name="cosmosqa",
    kind="multiple_choice",
    title="Which of four answers about causes, effects and motives fits the narrative?",
    languages=("en",),
    files={"train": _files("train"), "validation": _files("valid")},
    read=read_cosmosqa,
    release=Release(
        files={
            "train": (
                Archive(
                    url="https://raw.githubusercontent.com/wilburOne/cosmosqa/master/data/train.csv",
                    into="cosmosqa/train.csv",
                    sha256="d8d5ca1f9f6534b6530550718591af89372d976a8fc419360fab4158dee4d0b2",
                    size=16_660_449,
                    seen="tensorflow/datasets, url_checksums/cosmos_qa.txt",
                ),
            ),
            "validation": (
                Archive(
                    url="https://raw.githubusercontent.com/wilburOne/cosmosqa/master/data/valid.csv",
                    into="cosmosqa/valid.csv",
                    sha256="a6a94fc1463ca82bb10f98ef68ed535405e6f5c36e044ff8e136b5c19dea63f3",
                    size=2_128_345,
                    seen="tensorflow/datasets, url_checksums/cosmos_qa.txt",
                ),
            ),
        }
    ),
    hub=HubSource(
        repo="allenai/cosmos_qa",
        revision="refs/convert/parquet",
        files={
            "train": ("default/train/*.parquet",),
            "validation": ("default/validation/*.parquet",),
        },
        read=partial(
            read_choices,
            choices=("answer0", "answer1", "answer2", "answer3"),
            names=("0", "1", "2", "3"),
        ),
    ),
    metric="accuracy",
    train="cosmosqa",
    # Batch size and epochs as recalled from the appendix of Phang et al. 2020, not checked against
    # it; the rest are jiant's defaults
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 4,
        "epochs": 15.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
    },
    sizes={"train": 25_262, "validation": 2_985},
    download=24_399_475,
    words=93,
    choices=4,
    microworld="cause_effect",
    stream="cosmosqa",
    licence="CC BY 4.0",
    citation="@inproceedings{huang-etal-2019-cosmos, "
    "title={Cosmos QA: Machine Reading Comprehension with Contextual Commonsense Reasoning}, "
    "author={Huang, Lifu and Le Bras, Ronan and Bhagavatula, Chandra and Choi, Yejin}, "
    "booktitle={EMNLP}, year={2019}}",
    homepage="https://wilburone.github.io/cosmos/",
)
