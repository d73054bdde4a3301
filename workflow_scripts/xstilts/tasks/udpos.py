"""Part-of-speech tagging on Universal Dependencies, as in XTREME and XTREME-R."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xstilts.readers.conllu import UPOS, read_upos
from xstilts.readers.hub_parquet import read_tags
from xstilts.tasks.base import HubSource, Task

if TYPE_CHECKING:
    from xstilts.kinds import Split


def _patterns(name: str) -> tuple[str, ...]:
    """Patterns of all treebanks of a language: file names start with its code."""
    file = f"{{language}}_*-ud-{name}.conllu"
    return (f"ud/UD_*/{file}", f"ud-treebanks-v2.*/UD_*/{file}", f"ud/{file}")


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
