"""HellaSwag: an intermediate task of the paper. Its test set has no labels and is not offered."""

from __future__ import annotations

from functools import partial

from xstilts.readers.hellaswag import read_hellaswag
from xstilts.readers.hub_choices import read_choices
from xstilts.tasks.base import Archive, HubSource, Release, Task


def _files(name: str) -> tuple[str, ...]:
    return (
        f"hellaswag/hellaswag_{name}.jsonl",
        f"hellaswag/data/hellaswag_{name}.jsonl",
        f"hellaswag/{name}.jsonl",
    )


TASK = Task(
    name="hellaswag",
    kind="multiple_choice",
    title="Which of four endings continues the description?",
    languages=("en",),
    files={"train": _files("train"), "validation": _files("val")},
    read=read_hellaswag,
    release=Release(
        files={
            "train": (
                Archive(
                    url="https://github.com/rowanz/hellaswag/raw/master/data/hellaswag_train.jsonl",
                    into="hellaswag/hellaswag_train.jsonl",
                    sha256="dae5e69249868cb9fe4e23ff925c60b66169564cfb7072d793cd7356a2b69f8d",
                    size=47_496_131,
                    seen="huggingface/datasets, datasets/hellaswag/dataset_infos.json",
                ),
            ),
            "validation": (
                Archive(
                    url="https://github.com/rowanz/hellaswag/raw/master/data/hellaswag_val.jsonl",
                    into="hellaswag/hellaswag_val.jsonl",
                    sha256="0aa3b88843990f3f10a97b9575c94d7b71fb2205240ba04ae4884d9e9c992588",
                    size=12_246_618,
                    seen="huggingface/datasets, datasets/hellaswag/dataset_infos.json",
                ),
            ),
        }
    ),
    hub=HubSource(
        repo="Rowan/hellaswag",
        revision="218ec52e09a7e7462a5400043bb9a69a41d06b76",
        files={
            "train": ("data/train-*.parquet", "data/train/*.parquet"),
            "validation": ("data/validation-*.parquet", "data/validation/*.parquet"),
        },
        read=partial(
            read_choices,
            context="ctx_a",
            question=None,
            choices="endings",
            opening="ctx_b",
            names=("0", "1", "2", "3"),
            identifier="ind",
        ),
    ),
    metric="accuracy",
    train="hellaswag",
    # Batch size and epochs as recalled from the appendix of Phang et al. 2020, not checked against
    # it; the rest are jiant's defaults
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 24,
        "epochs": 7.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
    },
    sizes={"train": 39_905, "validation": 10_042},
    words=66,
    choices=4,
    microworld="continuation",
    licence="MIT",
    citation="@inproceedings{zellers-etal-2019-hellaswag, "
    "title={HellaSwag: Can a Machine Really Finish Your Sentence?}, "
    "author={Zellers, Rowan and Holtzman, Ari and Bisk, Yonatan and Farhadi, Ali and Choi, Yejin}, "
    "booktitle={ACL}, year={2019}}",
    homepage="https://rowanzellers.com/hellaswag/",
)
