"""MasakhaNER 2.0: names and dates in the news of twenty African languages."""

from __future__ import annotations

from functools import partial

from xstilts.iso639 import by_language
from xstilts.readers import hub_parquet
from xstilts.readers.tagged import read_tagged
from xstilts.tasks import masakhaner1, panx
from xstilts.tasks.base import CONVERTED, HubSource, Task, files_by_language, release_by_language

CODES = by_language(
    "bam bbj ewe fon hau ibo kin lug luo mos nya pcm sna swa tsn twi wol xho yor zul".split()
)

# train, development and test sentences: test counted in the release (masakhane-ner @ ba5843c), the
# others from the paper's table; the sums are those of the hub's viewer
_COUNTED = {
    "bam": (4_462, 638, 1_274), "bbj": (3_384, 483, 966), "ewe": (3_505, 501, 1_001),
    "fon": (4_343, 621, 1_228), "hau": (5_716, 816, 1_633), "ibo": (7_634, 1_090, 2_181),
    "kin": (7_825, 1_118, 2_235), "lug": (4_942, 706, 1_412), "luo": (5_161, 737, 1_474),
    "mos": (4_532, 648, 1_294), "nya": (6_250, 893, 1_785), "pcm": (5_646, 806, 1_613),
    "sna": (6_207, 887, 1_773), "swa": (6_593, 942, 1_883), "tsn": (3_489, 499, 996),
    "twi": (4_240, 605, 1_211), "wol": (4_593, 656, 1_312), "xho": (5_718, 817, 1_633),
    "yor": (6_877, 983, 1_964), "zul": (5_848, 836, 1_670),
}  # fmt: skip

TASK = Task(
    name="masakhaner2",
    kind="tagging",
    title="Persons, organisations, locations and dates in news in twenty African languages",
    languages=tuple(CODES),
    files=files_by_language(
        ["masakhaner2", "masakhane-ner/MasakhaNER2.0/data", "MasakhaNER2.0/data"], ".txt"
    ),
    codes=CODES,
    read=partial(read_tagged, labels=masakhaner1.LABELS),
    release=release_by_language(
        "masakhane-io/masakhane-ner",
        "ba5843cd08aa491d5f96a5e809e71eb9ec461391",
        "MasakhaNER2.0/data",
        "masakhaner2",
        ".txt",
    ),
    hub=HubSource(
        repo="masakhane/masakhaner2",
        revision="refs/convert/parquet",
        files=CONVERTED,
        codes=CODES,
        read=partial(hub_parquet.read_tags, labels=masakhaner1.LABELS, names=masakhaner1.LABELS),
    ),
    labels=masakhaner1.LABELS,
    metric="f1",
    # in the study's source language; it has no English, for which `train: panx` is an alternative
    train="masakhaner2",
    # the recipe of PAN-X, the same kind of task: none is published for cross-lingual transfer
    recipe=panx.TASK.recipe,
    sizes_of={
        language: {"train": train, "validation": validation, "test": test}
        for language, code in CODES.items()
        for train, validation, test in [_COUNTED[code]]
    },
    words=20,
    microworld="names",
    stream="masakhaner2",
    licence="CC BY-NC 4.0",
    citation="@inproceedings{adelani-etal-2022-masakhaner, "
    "title={{M}asakha{NER} 2.0: {A}frica-centric Transfer Learning for Named Entity Recognition}, "
    "author={Adelani, David Ifeoluwa and others}, booktitle={EMNLP}, year={2022}}",
    homepage="https://github.com/masakhane-io/masakhane-ner",
)
