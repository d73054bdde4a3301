"""AmericasNLI: a part of XNLI in ten Indigenous languages of the Americas."""

from __future__ import annotations

from functools import partial

from xstilts.iso639 import by_language
from xstilts.readers import hub_parquet
from xstilts.readers.tsv import read_pairs
from xstilts.tasks import mnli
from xstilts.tasks.base import Archive, HubSource, Release, Task, on_github

# nah and oto are the release's own names for a Nahuatl and an Otomi; quy is Ayacucho Quechua
CODES = by_language("aym bzd cni gn hch nah oto quy shp tar".split())


def _patterns(name: str) -> tuple[str, ...]:
    folders = ("americasnli", "americasnli/data/anli_final", "anli_final")
    return tuple(f"{folder}/{name}/{{code}}.tsv" for folder in folders)


def _on_github(name: str) -> Archive:
    return on_github(
        "abteen/americasnli",
        "bebd02ca1e4529016fca2e4554a5c48c285b8fba",
        f"data/anli_final/{name}/{{code}}.tsv",
        f"americasnli/{name}/{{code}}.tsv",
    )


TASK = Task(
    name="americasnli",
    kind="classification",
    title="Natural language inference in Indigenous languages of the Americas",
    languages=tuple(CODES),
    files={"validation": _patterns("dev"), "test": _patterns("test")},
    codes=CODES,
    read=partial(read_pairs, labels=mnli.LABELS, codes=CODES),
    release=Release(files={"validation": (_on_github("dev"),), "test": (_on_github("test"),)}),
    hub=HubSource(
        repo="nala-cub/americas_nli",
        revision="main",
        files={
            "validation": ("{code}/validation-*.parquet", "{code}/validation/*.parquet"),
            "test": ("{code}/test-*.parquet", "{code}/test/*.parquet"),
        },
        codes=CODES,
        read=partial(hub_parquet.read_pairs, labels=mnli.LABELS, names=mnli.HUB_NAMES),
    ),
    labels=mnli.LABELS,
    metric="accuracy",
    train="mnli",
    recipe=mnli.TASK.recipe,
    sizes={"validation": (222, 743), "test": (738, 750)},
    download=2_256_093,
    words=15,
    microworld="nli",
    stream="americasnli",
    licence="CC BY-SA 4.0",
    citation="@inproceedings{ebrahimi-etal-2022-americasnli, "
    "title={{A}mericas{NLI}: Evaluating Zero-shot Natural Language Understanding of Pretrained "
    "Multilingual Models in Truly Low-resource Languages}, "
    "author={Ebrahimi, Abteen and Mager, Manuel and others}, booktitle={ACL}, year={2022}}",
    homepage="https://github.com/abteen/americasnli",
)
