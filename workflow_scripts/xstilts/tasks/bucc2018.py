"""BUCC 2018: find the few translation pairs between two large sets of sentences."""

from __future__ import annotations

from xstilts.readers.bucc import read_bucc
from xstilts.tasks.base import Task

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
