"""MasakhaPOS: part-of-speech tags in the news of twenty African languages."""

from __future__ import annotations

from functools import partial

from xstilts.iso639 import by_language
from xstilts.readers.conllu import UPOS
from xstilts.readers.tagged import read_tagged
from xstilts.tasks import udpos
from xstilts.tasks.base import Task, files_by_language, release_by_language

CODES = by_language(
    "bam bbj ewe fon hau ibo kin lug luo mos nya pcm sna swa tsn twi wol xho yor zul".split()
)

TASK = Task(
    name="masakhapos",
    kind="tagging",
    title="The universal part-of-speech tag of every word of news in twenty African languages",
    languages=tuple(CODES),
    files=files_by_language(["masakhapos", "masakhane-pos/data"], ".txt"),
    codes=CODES,
    read=partial(read_tagged, labels=UPOS),
    release=release_by_language(
        "masakhane-io/masakhane-pos",
        "a42273eb27d37f3dedfc3914bfccb88199e10454",
        "data",
        "masakhapos",
        ".txt",
    ),
    labels=UPOS,
    # as for udpos, whose head it shares; the paper's is accuracy, which is scored as well
    metric="f1",
    train="udpos",
    recipe=udpos.TASK.recipe,
    words=24,
    microworld="pos",
    stream="masakhapos",
    licence="MIT for the annotations; the text is that of newspapers",
    citation="@inproceedings{dione-etal-2023-masakhapos, "
    "title={{M}asakha{POS}: Part-of-Speech Tagging for Typologically Diverse African Languages}, "
    "author={Dione, Cheikh M. Bamba and others}, booktitle={ACL}, year={2023}}",
    homepage="https://github.com/masakhane-io/masakhane-pos",
)
