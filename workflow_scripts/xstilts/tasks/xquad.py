"""XQuAD: part of SQuAD's development set in 12 languages, translated by humans."""

from __future__ import annotations

from functools import partial

from xstilts.readers.hub_parquet import read_questions
from xstilts.readers.squad_json import read_squad
from xstilts.tasks import squad_v1
from xstilts.tasks.base import HubSource, Release, Task, on_github

TASK = Task(
    name="xquad",
    kind="span",
    title="SQuAD's questions and paragraphs in other languages",
    # XTREME's eleven; Romanian came with XTREME-R
    languages=("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh"),
    # Only one set: XTREME's test set, on which others report development results
    files={"test": ("xquad/xquad.{language}.json",)},
    read=read_squad,
    release=Release(
        files={
            "test": (
                on_github(
                    "google-deepmind/xquad",
                    "60cac411649156efb6aab9dd4c9cde787a2c0345",
                    "xquad.{language}.json",
                    "xquad/xquad.{language}.json",
                ),
            )
        }
    ),
    hub=HubSource(
        repo="google/xquad",
        revision="main",
        files={
            "test": (
                "xquad.{language}/validation-*.parquet",
                "xquad.{language}/validation/*.parquet",
            )
        },
        differs="no spaces around contexts and questions",
        # the script that made the files stripped contexts, but left the offsets as they were
        read=partial(read_questions, stripped=True),
    ),
    metric="mean_em_f1",
    train="squad_v1",
    # the target stage trains on SQuAD
    recipe=squad_v1.TASK.recipe,
    sizes={"test": 1_190},
    words=116,
    microworld="qa",
    licence="CC BY-SA 4.0",
    citation="@inproceedings{artetxe-etal-2020-cross, "
    "title={On the Cross-lingual Transferability of Monolingual Representations}, "
    "author={Artetxe, Mikel and Ruder, Sebastian and Yogatama, Dani}, "
    "booktitle={ACL}, year={2020}}",
    homepage="https://github.com/google-deepmind/xquad",
)
