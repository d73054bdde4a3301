"""NusaX: sentiment of sentences, parallel in English, Indonesian and ten languages of Indonesia."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xstilts.readers.delimited import read_labelled
from xstilts.readers.hub_texts import read_texts
from xstilts.tasks import afrisenti
from xstilts.tasks.base import CONVERTED, HubSource, Task, files_by_language, release_by_language

if TYPE_CHECKING:
    from xstilts.kinds import Split

# study code: (folder in the release, code on the hub)
_NAMES = {
    "ace_Latn": ("acehnese", "ace"),
    "ban_Latn": ("balinese", "ban"),
    "bbc": ("toba_batak", "bbc"),
    "bjn_Latn": ("banjarese", "bjn"),
    "bug_Latn": ("buginese", "bug"),
    "en": ("english", "eng"),
    "id": ("indonesian", "ind"),
    "jv": ("javanese", "jav"),
    "mad": ("madurese", "mad"),
    "min_Latn": ("minangkabau", "min"),
    "nij": ("ngaju", "nij"),
    "su": ("sundanese", "sun"),
}
# in the same order as AfriSenti's, so that heads can be reused
LABELS = afrisenti.LABELS


_NAMED: dict[Split, str] = {"train": "train", "validation": "valid", "test": "test"}

TASK = Task(
    name="nusax",
    kind="classification",
    title="Is the sentence positive, negative or neutral?",
    languages=tuple(_NAMES),
    files=files_by_language(
        ["nusax/datasets/sentiment", "nusax/sentiment", "nusax"], ".csv", _NAMED
    ),
    codes={language: folder for language, (folder, _) in _NAMES.items()},
    read=partial(read_labelled, labels=LABELS, text_a=("text",), identifier="id"),
    release=release_by_language(
        "IndoNLP/nusax",
        "75b0be5d982348332509f296e10d9bf9cb66d60f",
        "datasets/sentiment",
        "nusax/datasets/sentiment",
        ".csv",
        _NAMED,
    ),
    hub=HubSource(
        repo="indonlp/NusaX-senti",
        revision="refs/convert/parquet",
        files=CONVERTED,
        codes={language: code for language, (_, code) in _NAMES.items()},
        read=partial(read_texts, labels=LABELS, identifier="id"),
    ),
    labels=LABELS,
    metric="macro_f1",
    scorer="class_f1",
    train="nusax",
    # the recipe of SIB-200, with as few examples; the release has none for language models
    recipe={
        "learning_rate": 1e-5,
        "batch_size": 32,
        "epochs": 20.0,
        "warmup": 0.0,
        "weight_decay": 0.0,
        "max_length": 128,
    },
    sizes={"train": 500, "validation": 100, "test": 400},
    words=29,
    licence="CC BY-SA 4.0",
    citation="@inproceedings{winata-etal-2023-nusax, "
    "title={{N}usa{X}: Multilingual Parallel Sentiment Dataset for 10 {I}ndonesian Local "
    "Languages}, author={Winata, Genta Indra and Aji, Alham Fikri and Cahyawijaya, Samuel and "
    "others}, booktitle={EACL}, year={2023}}",
    homepage="https://github.com/IndoNLP/nusax",
)
