"""BUCC 2018: find the few translation pairs between two large sets of sentences."""

from __future__ import annotations

from xstilts.readers.bucc import read_bucc
from xstilts.tasks.base import Archive, Release, Task

# size and SHA-256 of the archives
_SETS = {
    ("de", "sample"): (
        2_529_652, "8e16ba8b02ef8d648b06adfbd6dfb188f43524e18f97b2b12a14a086caac62f3"
    ),
    ("fr", "sample"): (
        1_948_831, "df9eb3966954e163c9264076f7c9c1eb56d9d8a91855f9d3afbf2c0fdaef0a08"
    ),
    ("ru", "sample"): (
        4_269_233, "fce3cabc7ee50ddb4b18aa6fb090e2669c8383d2a29fc97eed6ae70fed9a23e5"
    ),
    ("zh", "sample"): (
        769_869, "a3425be5c0320ee131a0927b66c3e29befb3b481ebf1b87257e660e514bc16ac"
    ),
    ("de", "training"): (
        28_189_548, "766e0fdebbd1438fb87c21254828eb13c8b997d8fbab002103dd060dcac50c5c"
    ),
    ("fr", "training"): (
        20_757_713, "53c0d0e7dd97dc89593a2db25a26c5f0ccdc7113e8451263bb0c80e4c4c7dc30"
    ),
    ("ru", "training"): (
        37_085_079, "1895df56e936ca3d4f5b12299ceffe0b7ff4806584c40bdaa3ae1d445f25afa5"
    ),
    ("zh", "training"): (
        6_344_925, "3facb71798277c8f44dc78c1f8ae2110f254d0e14799f3508eedd54b4236877a"
    ),
}  # fmt: skip


def _archives(*names: str) -> tuple[Archive, ...]:
    """The archives of BUCC's sets in all languages."""
    return tuple(
        Archive(
            url=f"https://comparable.limsi.fr/bucc2018/bucc2018-{code}-en.{name}-gold.tar.bz2",
            members=tuple(
                f"bucc2018/{code}-en/{code}-en.{name}.{end}" for end in (code, "en", "gold")
            ),
            sha256=sha256,
            size=size,
            languages=(code,),
            seen="tensorflow/datasets, datasets/bucc/checksums.tsv; names of the members: "
            "google-research/xtreme, scripts/download_data.sh",
        )
        for (code, name), (size, sha256) in _SETS.items()
        if name in names
    )


TASK = Task(
    name="bucc2018",
    kind="mining",
    title="Which sentences of two large sets are translations of each other?",
    languages=("de", "fr", "ru", "zh"),
    files={
        # XTREME's dev is BUCC's sample set, its test BUCC's training set
        "validation": (
            "bucc2018/{language}-en.dev.*",
            "bucc2018/{language}-en.sample.*",
            "bucc2018/{language}-en/{language}-en.sample.*",
        ),
        # both: the threshold is chosen on the sample set
        "test": ("bucc2018/{language}-en.*", "bucc2018/{language}-en/{language}-en.*"),
    },
    read=read_bucc,
    release=Release(
        files={"validation": _archives("sample"), "test": _archives("sample", "training")}
    ),
    metric="f1",
    train=None,
    # jiant's XTREME guide; nothing is trained
    recipe={"max_length": 512},
    words=25,
    microworld="mining",
    licence="none stated; for research, see the shared task's page",
    citation="@inproceedings{zweigenbaum-etal-2018-overview, "
    "title={Overview of the Third {BUCC} Shared Task: Spotting Parallel Sentences in Comparable "
    "Corpora}, author={Zweigenbaum, Pierre and Sharoff, Serge and Rapp, Reinhard}, "
    "booktitle={BUCC}, year={2018}}",
    homepage="https://comparable.limsi.fr/bucc2018/bucc2018-task.html",
)
