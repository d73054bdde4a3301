"""CommonsenseQA, random split: an intermediate task of the paper. Its test set has no labels."""

from __future__ import annotations

from functools import partial

from xstilts.readers.commonsenseqa import read_commonsenseqa
from xstilts.readers.hub_choices import read_choices
from xstilts.tasks.base import Archive, HubSource, Release, Task


def _files(name: str) -> tuple[str, ...]:
    return tuple(
        f"{folder}/{name}_rand_split.jsonl"
        for folder in ("commonsenseqa", "CommonsenseQA", "commonsenseqa/data", "csqa")
    )


TASK = Task(
    name="commonsenseqa",
    kind="multiple_choice",
    title="Which of five concepts answers the commonsense question?",
    languages=("en",),
    files={"train": _files("train"), "validation": _files("dev")},
    read=read_commonsenseqa,
    release=Release(
        files={
            "train": (
                Archive(
                    url="https://s3.amazonaws.com/commensenseqa/train_rand_split.jsonl",
                    into="commonsenseqa/train_rand_split.jsonl",
                    sha256="58ffa3c8472410e24b8c43f423d89c8a003d8284698a6ed7874355dedd09a2fb",
                    size=3_785_890,
                    seen="huggingface/datasets, datasets/commonsense_qa/dataset_infos.json",
                ),
            ),
            "validation": (
                Archive(
                    url="https://s3.amazonaws.com/commensenseqa/dev_rand_split.jsonl",
                    into="commonsenseqa/dev_rand_split.jsonl",
                    sha256="3210497fdaae614ac085d9eb873dd7f4d49b6f965a93adadc803e1229fd8a02a",
                    size=471_653,
                    seen="huggingface/datasets, datasets/commonsense_qa/dataset_infos.json",
                ),
            ),
        }
    ),
    hub=HubSource(
        repo="tau/commonsense_qa",
        revision="94630fe30dad47192a8546eb75f094926d47e155",
        files={
            "train": ("data/train-*.parquet", "data/train/*.parquet"),
            "validation": ("data/validation-*.parquet", "data/validation/*.parquet"),
        },
        read=partial(
            read_choices,
            context=None,
            choices="choices",
            label="answerKey",
            names=("A", "B", "C", "D", "E"),
        ),
    ),
    metric="accuracy",
    train="commonsenseqa",
    # Batch size and epochs as recalled from the appendix of Phang et al. 2020, not checked against
    # it; the rest are jiant's defaults
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 4,
        "epochs": 10.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
    },
    sizes={"train": 9_741, "validation": 1_221},
    words=15,
    choices=5,
    microworld="continuation",
    stream="commonsenseqa",
    licence="MIT",
    citation="@inproceedings{talmor-etal-2019-commonsenseqa, "
    "title={CommonsenseQA: A Question Answering Challenge Targeting Commonsense Knowledge}, "
    "author={Talmor, Alon and Herzig, Jonathan and Lourie, Nicholas and Berant, Jonathan}, "
    "booktitle={NAACL}, year={2019}}",
    homepage="https://www.tau-nlp.sites.tau.ac.il/commonsenseqa",
)
