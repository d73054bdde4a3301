"""PAN-X: names of persons, organisations and locations in WikiANN, as in XTREME and XTREME-R."""

from __future__ import annotations

from functools import partial

from xstilts.readers import hub_parquet
from xstilts.readers.tagged import read_tagged
from xstilts.tasks.base import Archive, HubSource, Release, Task

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")

_XTREME = (
    "af ar bg bn de el en es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl pt ru sw "
    "ta te th tl tr ur vi yo zh"
).split()
_XTREME_R = "az gu lt pa pl qu ro uk".split()
"""The languages that XTREME-R added."""


def _patterns(name: str) -> tuple[str, ...]:
    """Patterns of WikiANN as released, as XTREME's script unpacks it, and as it rewrites it."""
    released = (
        f"{folder}/{{language}}{joint}{name}"
        for folder in ("panx", "wikiann", "panx_dir")
        for joint in ("-", "/")
    )
    return (*released, f"panx/{name}-{{language}}.tsv")


# XTREME's script needs AmazonPhotos.zip, which is downloaded by hand; this has the same archives
_ARCHIVE = Archive(
    url="https://www.dropbox.com/s/12h3qqog6q4bjve/panx_dataset.tar?dl=1",
    members=tuple(
        f"{code}.tar.gz!{name}"
        for code in (*_XTREME, *_XTREME_R)
        for name in ("train", "dev", "test")
    ),
    into="wikiann",
    sha256="e2720a94b6590d4d70e9a7725106d1e5bdaafde730e06d8101ce4981d1417cce",
    size=234_126_336,
    seen="tensorflow/datasets, text/wikiann/checksums.tsv and wikiann.py",
)

TASK = Task(
    name="panx",
    kind="tagging",
    title="Names of persons, organisations and locations in Wikipedia",
    languages=(*_XTREME, *_XTREME_R),
    files={
        "train": _patterns("train"),
        "validation": _patterns("dev"),
        # XTREME's download has no labels here; a copy that has them is read
        "test": _patterns("test"),
    },
    read=partial(read_tagged, labels=LABELS),
    release=Release(files=dict.fromkeys(("train", "validation", "test"), (_ARCHIVE,))),
    hub=HubSource(
        repo="unimelb-nlp/wikiann",
        revision="main",
        files={
            "train": ("{language}/train-*.parquet", "{language}/train/*.parquet"),
            "validation": ("{language}/validation-*.parquet", "{language}/validation/*.parquet"),
            "test": ("{language}/test-*.parquet", "{language}/test/*.parquet"),
        },
        read=partial(hub_parquet.read_tags, labels=LABELS, names=LABELS),
    ),
    labels=LABELS,
    metric="f1",
    train="panx",
    # jiant's XTREME guide: batches of 4 x 8
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 32,
        "epochs": 10.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
    },
    sizes={"test": (100, 10_000)},
    sizes_of={
        "en": {"train": 20_000, "validation": 10_000, "test": 10_000},
        "sw": {"train": 1_000, "validation": 1_000, "test": 1_000},
    },
    download=234_008_884,
    words=8,
    microworld="names",
    licence="none stated; the text is Wikipedia's (CC BY-SA)",
    citation="@inproceedings{pan-etal-2017-cross, "
    "title={Cross-lingual Name Tagging and Linking for 282 Languages}, "
    "author={Pan, Xiaoman and Zhang, Boliang and May, Jonathan and Nothman, Joel and Knight, "
    "Kevin and Ji, Heng}, booktitle={ACL}, year={2017}}",
    homepage="https://github.com/afshinrahimi/mmner",
)
