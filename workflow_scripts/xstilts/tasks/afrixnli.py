"""AfriXNLI: a part of XNLI in 16 African languages, translated by humans."""

from __future__ import annotations

from functools import partial

from xstilts.iso639 import by_language
from xstilts.readers.tsv import read_pairs
from xstilts.tasks import mnli
from xstilts.tasks.base import Archive, HubSource, Release, Task

# languages of the first version of the paper; English and French are XNLI's
CODES = by_language(
    "amh ewe hau ibo kin lin lug orm sna sot swa twi wol xho yor zul eng fra".split()
)


def _patterns(name: str) -> tuple[str, ...]:
    file = f"{{code}}/{name}.tsv"
    return (f"afrixnli/{file}", f"afrixnli/data/{file}")


# the release has numbers for MultiNLI's labels
_READ = partial(
    read_pairs,
    labels=mnli.LABELS,
    renamed={"0": "entailment", "1": "neutral", "2": "contradiction"},
    quoted=True,
)


def _on_hub(name: str) -> Archive:
    # the release is the repository itself
    return Archive(
        url=f"https://huggingface.co/datasets/masakhane/afrixnli/resolve/main/data/{{code}}/{name}.tsv",
        into=f"afrixnli/{{code}}/{name}.tsv",
        seen="public download scripts that have this address",
    )


TASK = Task(
    name="afrixnli",
    kind="classification",
    title="Natural language inference in African languages",
    languages=tuple(CODES),
    files={"validation": _patterns("dev"), "test": _patterns("test")},
    codes=CODES,
    read=_READ,
    release=Release(files={"validation": (_on_hub("dev"),), "test": (_on_hub("test"),)}),
    hub=HubSource(
        repo="masakhane/afrixnli",
        revision="main",
        files={
            "validation": ("data/{code}/dev.tsv",),
            "test": ("data/{code}/test.tsv",),
        },
        codes=CODES,
        read=_READ,
    ),
    labels=mnli.LABELS,
    metric="accuracy",
    train="mnli",
    recipe=mnli.TASK.recipe,
    sizes={"validation": 450, "test": 600},
    words=25,
    microworld="nli",
    stream="afrixnli",
    licence="Apache 2.0",
    citation="@inproceedings{adelani-etal-2025-irokobench, "
    "title={{I}roko{B}ench: A New Benchmark for {A}frican Languages in the Age of Large Language "
    "Models}, author={Adelani, David Ifeoluwa and others}, booktitle={NAACL}, year={2025}}",
    homepage="https://huggingface.co/datasets/masakhane/afrixnli",
)
