"""Part-of-speech tagging on Universal Dependencies, as in XTREME and XTREME-R."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from xstilts.readers.conllu import UPOS, read_upos
from xstilts.readers.hub_parquet import read_tags
from xstilts.tasks.base import Archive, HubSource, Release, Task

if TYPE_CHECKING:
    from xstilts.kinds import Split


_XTREME = (
    "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi "
    "yo zh"
).split()
_XTREME_R = "lt pl ro uk wo".split()
"""The languages that XTREME-R added."""

# Languages by the names of the repository's folders
_HUB_NAMES = {
    "af": "Afrikaans", "ar": "Arabic", "bg": "Bulgarian", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "kk": "Kazakh", "ko": "Korean",
    "mr": "Marathi", "nl": "Dutch", "pt": "Portuguese", "ru": "Russian", "ta": "Tamil",
    "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "ur": "Urdu",
    "vi": "Vietnamese", "yo": "Yoruba", "zh": "Chinese",
}  # fmt: skip


def _hub_patterns(name: str) -> tuple[str, ...]:
    return (f"udpos.{{code}}/{name}-*.parquet", f"udpos.{{code}}/{name}/*.parquet")


_TEST_ONLY: tuple[Split, ...] = ("test",)


# per version of Universal Dependencies: handle of its archive, SHA-256, bytes (0 if unknown)
_UD = {
    "2.5": (
        "1-3105", "5ff973e44345a5f69b94cc1427158e14e851c967d58773cc2ac5a1d3adaca409", 355_216_681
    ),
    "2.7": ("1-3424", "ee61f186ac5701440f9d2889ca26da35f18d433255b5a188b0df30bc1525502b", 0),
    "2.14": ("1-5502", "a710e09f977fc1ca4aeaf200806a75fbbc46d2c0717c70933a94ad78129ee1af", 0),
}  # fmt: skip


def _patterns(name: str) -> tuple[str, ...]:
    """Patterns of all treebanks of a language: file names start with its code."""
    file = f"{{language}}_*-ud-{name}.conllu"
    # of several unpacked versions the first is read, not all at once
    unpacked = (f"ud-treebanks-v{version}/UD_*/{file}" for version in (*_UD, "2.*"))
    return (f"ud/UD_*/{file}", *unpacked, f"ud/{file}")


def _treebanks(version: str) -> Archive:
    """The archive of all treebanks of a version."""
    name = f"ud-treebanks-v{version}"
    handle, sha256, size = _UD[version]
    site = "https://lindat.mff.cuni.cz/repository/xmlui/bitstream/handle/11234"
    return Archive(
        url=f"{site}/{handle}/{name}.tgz",
        members=tuple(f"{name}/UD_*/{code}_*-ud-*.conllu" for code in (*_XTREME, *_XTREME_R)),
        sha256=sha256,
        size=size,
        seen="google-research/xtreme, scripts/download_data.sh; pyconll/pyconll, tests of corpora; "
        "tensorflow/datasets, text/xtreme/checksums.tsv",
    )


def _in_all_splits(*archives: Archive) -> dict[Split, tuple[Archive, ...]]:
    return dict.fromkeys(("train", "validation", "test"), archives)


TASK = Task(
    name="udpos",
    kind="tagging",
    title="The universal part-of-speech tag of every word",
    languages=(*_XTREME, *_XTREME_R),
    files={
        "train": _patterns("train"),
        "validation": _patterns("dev"),
        "test": _patterns("test"),
    },
    splits_of={
        "kk": ("train", "test"),
        "th": _TEST_ONLY,
        "tl": _TEST_ONLY,
        "yo": _TEST_ONLY,
    },
    read=read_upos,
    # sentences and tokens differ from the release files (docs/data.md)
    release=Release(
        version="2.5+2.7",
        # XTREME's languages from 2.5, those that XTREME-R added from 2.7
        files=_in_all_splits(
            replace(_treebanks("2.5"), languages=tuple(_XTREME)),
            replace(_treebanks("2.7"), languages=tuple(_XTREME_R)),
        ),
        versions=tuple(
            Release(version=version, files=_in_all_splits(_treebanks(version))) for version in _UD
        ),
    ),
    hub=HubSource(
        repo="google/xtreme",
        revision="main",
        files={
            "train": _hub_patterns("train"),
            "validation": _hub_patterns("validation"),
            "test": _hub_patterns("test"),
        },
        codes=_HUB_NAMES,
        languages=tuple(_HUB_NAMES),
        differs="multiword tokens are split, and treebanks of other varieties are among them",
        # UPOS has the order of the repository
        read=partial(read_tags, labels=UPOS, names=UPOS, columns=("tokens", "pos_tags"), tidy=True),
    ),
    labels=UPOS,
    # over runs of equal tags, as in XTREME's evaluation; its paper says accuracy
    metric="f1",
    train="udpos",
    # jiant's XTREME guide: batches of 4 x 8
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 32,
        "epochs": 10.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_length": 256,
    },
    sizes={"test": (47, 20_436)},
    sizes_of={"en": {"train": 21_253, "validation": 3_974, "test": 5_440}},
    download=355_216_681,
    words=15,
    microworld="pos",
    licence="by treebank, mostly CC BY-SA 4.0 (LICENSE.txt of each)",
    citation="@inproceedings{nivre-etal-2020-universal, "
    "title={Universal Dependencies v2: An Evergrowing Multilingual Treebank Collection}, "
    "author={Nivre, Joakim and others}, booktitle={LREC}, year={2020}}",
    homepage="https://universaldependencies.org",
)
