"""SICK: inference between short sentences on everyday scenes, the simplest here."""

from __future__ import annotations

from functools import partial

from xstilts.readers import hub_parquet
from xstilts.readers.delimited import read_labelled
from xstilts.tasks import mnli
from xstilts.tasks.base import HubSource, Release, Task, on_github

_RENAMED = {label.upper(): label for label in mnli.LABELS}


def _patterns(*names: str) -> tuple[str, ...]:
    folders = ("sick", "sick/SICK", "SICK")
    return tuple(f"{folder}/{name}.txt" for folder in folders for name in names)


# the files of the shared task, whose own site is gone
_RELEASED = {
    name: on_github(
        "brmson/dataset-sts",
        "47a67a26bcabc6248161fd0ae4f556c44155e628",
        f"data/sts/sick2014/{name}.txt",
        f"sick/{name}.txt",
    )
    for name in ("SICK_train", "SICK_trial", "SICK_test_annotated")
}

TASK = Task(
    name="sick",
    kind="classification",
    title="Does one sentence on a scene entail another, contradict it, or neither?",
    languages=("en",),
    # the splits of SemEval-2014, task 1
    files={
        "train": _patterns("SICK_train"),
        "validation": _patterns("SICK_trial"),
        "test": _patterns("SICK_test_annotated"),
    },
    read=partial(
        read_labelled,
        labels=mnli.LABELS,
        text_a=("sentence_A",),
        text_b="sentence_B",
        label="entailment_judgment",
        identifier="pair_ID",
        renamed=_RENAMED,
    ),
    release=Release(
        files={
            "train": (_RELEASED["SICK_train"],),
            "validation": (_RELEASED["SICK_trial"],),
            "test": (_RELEASED["SICK_test_annotated"],),
        }
    ),
    # made from another edition of the release, one table with fewer pairs
    hub=HubSource(
        repo="RobZamp/sick",
        revision="refs/convert/parquet",
        differs="4,439, 495 and 4,906 of 4,500, 500 and 4,927 pairs",
        files={
            "train": ("default/train/*.parquet",),
            "validation": ("default/validation/*.parquet",),
            "test": ("default/test/*.parquet",),
        },
        read=partial(
            hub_parquet.read_pairs,
            labels=mnli.LABELS,
            names=mnli.HUB_NAMES,
            columns=("sentence_A", "sentence_B", "label"),
        ),
    ),
    labels=mnli.LABELS,
    metric="accuracy",
    train="sick",
    recipe=mnli.TASK.recipe,
    sizes={"train": (4_439, 4_500), "validation": (495, 500), "test": (4_906, 4_927)},
    words=23,
    microworld="nli",
    stream="sick",
    licence="CC BY-NC-SA 3.0",
    citation="@inproceedings{marelli-etal-2014-sick, "
    "title={A {SICK} cure for the evaluation of compositional distributional semantic models}, "
    "author={Marelli, Marco and Menini, Stefano and Baroni, Marco and Bentivogli, Luisa and "
    "Bernardi, Raffaella and Zamparelli, Roberto}, booktitle={LREC}, year={2014}}",
    homepage="https://marcobaroni.org/composes/sick.html",
)
