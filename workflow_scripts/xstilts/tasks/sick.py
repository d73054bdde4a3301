"""SICK: inference between short sentences on everyday scenes, the simplest here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xstilts.readers import hub_parquet
from xstilts.readers.delimited import read_labelled
from xstilts.tasks import mnli
from xstilts.tasks.base import Archive, HubSource, Release, Task

if TYPE_CHECKING:
    from xstilts.kinds import Split

_RENAMED = {label.upper(): label for label in mnli.LABELS}
# the splits of SemEval-2014, task 1
_FILES: dict[Split, str] = {
    "train": "SICK_train",
    "validation": "SICK_trial",
    "test": "SICK_test_annotated",
}


def _patterns(*names: str) -> tuple[str, ...]:
    folders = ("sick", "sick/SICK", "SICK")
    return tuple(f"{folder}/{name}.txt" for folder in folders for name in names)


TASK = Task(
    name="sick",
    kind="classification",
    title="Does one sentence on a scene entail another, contradict it, or neither?",
    languages=("en",),
    files={split: _patterns(name) for split, name in _FILES.items()},
    read=partial(
        read_labelled,
        labels=mnli.LABELS,
        text_a=("sentence_A",),
        text_b="sentence_B",
        label="entailment_judgment",
        identifier="pair_ID",
        renamed=_RENAMED,
    ),
    # made from the release in one table, which has fewer pairs: 4,439, 495 and 4,906
    # all splits as for SemEval; the site with the paper has fewer pairs
    release=Release(
        files={
            split: (
                Archive(
                    url=f"https://alt.qcri.org/semeval2014/task1/data/uploads/{name.lower()}.zip",
                    members=(f"{name}.txt",),
                    into="sick",
                    seen="kovvalsky/LangPro, SICK_dataset/README.md",
                ),
            )
            for split, name in _FILES.items()
        }
    ),
    hub=HubSource(
        repo="RobZamp/sick",
        revision="refs/convert/parquet",
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
