"""MasakhaNER: names and dates in the news of ten African languages."""

from __future__ import annotations

from functools import partial

from xstilts.iso639 import by_language
from xstilts.readers import hub_parquet
from xstilts.readers.tagged import read_tagged
from xstilts.tasks import panx
from xstilts.tasks.base import CONVERTED, HubSource, Task, files_by_language, release_by_language

LABELS = (*panx.LABELS, "B-DATE", "I-DATE")

CODES = by_language("amh hau ibo kin lug luo pcm swa wol yor".split())


# train, development and test sentences, counted in the release (masakhane-ner @ ba5843c)
_COUNTED = {
    "amh": (1_750, 250, 500),
    "hau": (1_912, 276, 552),
    "ibo": (2_235, 320, 638),
    "kin": (2_116, 302, 605),
    "lug": (1_428, 200, 407),
    "luo": (644, 92, 186),
    "pcm": (2_124, 306, 600),
    "swa": (2_109, 300, 604),
    "wol": (1_871, 267, 539),
    "yor": (2_171, 305, 645),
}

TASK = Task(
    name="masakhaner1",
    kind="tagging",
    title="Persons, organisations, locations and dates in news in ten African languages",
    languages=tuple(CODES),
    files=files_by_language(["masakhaner1", "masakhane-ner/data"], ".txt"),
    codes=CODES,
    read=partial(read_tagged, labels=LABELS),
    release=release_by_language(
        "masakhane-io/masakhane-ner",
        "ba5843cd08aa491d5f96a5e809e71eb9ec461391",
        "data",
        "masakhaner1",
        ".txt",
    ),
    hub=HubSource(
        repo="masakhane/masakhaner",
        revision="refs/convert/parquet",
        files=CONVERTED,
        codes=CODES,
        read=partial(hub_parquet.read_tags, labels=LABELS, names=LABELS),
    ),
    labels=LABELS,
    metric="f1",
    # in the study's source language; it has no English, for which `train: panx` is an alternative
    train="masakhaner1",
    # the recipe of PAN-X, the same kind of task: none is published for cross-lingual transfer
    recipe=panx.TASK.recipe,
    sizes={"train": (644, 2_235), "validation": (92, 320), "test": (186, 645)},
    sizes_of={
        language: {"train": train, "validation": validation, "test": test}
        for language, code in CODES.items()
        for train, validation, test in [_COUNTED[code]]
    },
    words=24,
    microworld="names",
    stream="masakhaner1",
    licence="CC BY-NC 4.0",
    citation="@article{adelani-etal-2021-masakhaner, "
    "title={{M}asakha{NER}: Named Entity Recognition for African Languages}, "
    "author={Adelani, David Ifeoluwa and others}, journal={TACL}, year={2021}}",
    homepage="https://github.com/masakhane-io/masakhane-ner",
)
