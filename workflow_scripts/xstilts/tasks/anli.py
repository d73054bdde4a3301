"""Adversarial NLI, its three rounds together; each round is also a task of its own."""

from __future__ import annotations

from functools import partial

from xstilts.readers import hub_parquet
from xstilts.tasks import mnli
from xstilts.tasks.base import Archive, HubSource, Release, Task

_ARCHIVE = Archive(
    url="https://dl.fbaipublicfiles.com/anli/anli_v1.0.zip",
    members=tuple(
        f"anli_v1.0/R{number}/{name}.jsonl"
        for number in (1, 2, 3)
        for name in ("train", "dev", "test")
    ),
    sha256="e5c058f2bb4e6190b0651badca2c590e45db95248f8b28cde674615ee40820bf",
    size=18_708_061,
    seen="public download scripts that have this address and checksum",
)


def of_rounds(name: str, folder: str, train: int, evaluated: int) -> Task:
    """The task of the rounds whose folder matches the pattern."""

    def patterns(split: str) -> tuple[str, ...]:
        file = f"{folder}/{split}.jsonl"
        return (f"anli/{file}", f"anli/anli_v1.0/{file}", f"anli_v1.0/{file}")

    def hub_patterns(split: str) -> tuple[str, ...]:
        part = f"plain_text/{split}_{folder.lower()}"
        return (f"{part}-*.parquet", f"{part}/*.parquet")

    return Task(
        name=name,
        kind="classification",
        title="Adversarial natural language inference: pairs written to mislead a model",
        languages=("en",),
        files={
            "train": patterns("train"),
            "validation": patterns("dev"),
            "test": patterns("test"),
        },
        read=mnli.TASK.read,
        release=Release(files=dict.fromkeys(("train", "validation", "test"), (_ARCHIVE,))),
        hub=HubSource(
            repo="facebook/anli",
            revision="main",
            files={
                "train": hub_patterns("train"),
                "validation": hub_patterns("dev"),
                "test": hub_patterns("test"),
            },
            read=partial(hub_parquet.read_pairs, labels=mnli.LABELS, names=mnli.HUB_NAMES),
        ),
        labels=mnli.LABELS,
        includes=("anli_r1", "anli_r2", "anli_r3"),
        metric="accuracy",
        train=name,
        recipe=mnli.TASK.recipe,
        sizes={"train": train, "validation": evaluated, "test": evaluated},
        words=65,
        microworld="nli",
        stream=name,
        licence="CC BY-NC 4.0",
        citation="@inproceedings{nie-etal-2020-adversarial, "
        "title={Adversarial {NLI}: A New Benchmark for Natural Language Understanding}, "
        "author={Nie, Yixin and Williams, Adina and Dinan, Emily and Bansal, Mohit and Weston, "
        "Jason and Kiela, Douwe}, booktitle={ACL}, year={2020}}",
        homepage="https://github.com/facebookresearch/anli",
    )


TASK = of_rounds("anli", "R[123]", train=162_865, evaluated=3_200)
