"""ANLI+: MultiNLI, SNLI and all rounds of ANLI as one training set with one head."""

from __future__ import annotations

from xstilts.tasks import anli, mnli, snli
from xstilts.tasks.base import Task

TASK = Task(
    name="anli_plus",
    kind="classification",
    title="Natural language inference on MultiNLI, SNLI and ANLI together",
    languages=("en",),
    # jiant (guides/tasks/task_specific.md) trains on them with proportional sampling and one head:
    # the same as shuffling their concatenation
    parts=(mnli.TASK, snli.TASK, anli.TASK),
    files={"train": (), "validation": ()},
    read=mnli.TASK.read,
    labels=mnli.LABELS,
    metric="accuracy",
    train="anli_plus",
    recipe=mnli.TASK.recipe,
    sizes={"train": 1_104_934, "validation": 22_857},
    words=28,
    microworld="nli",
    stream="anli_plus",
    licence=f"MultiNLI: {mnli.TASK.licence}. SNLI: {snli.TASK.licence}. ANLI: {anli.TASK.licence}",
    citation="@inproceedings{phang-etal-2020-english, "
    "title={{E}nglish Intermediate-Task Training Improves Zero-Shot Cross-Lingual Transfer Too}, "
    "author={Phang, Jason and Calixto, Iacer and Htut, Phu Mon and Pruksachatkun, Yada and Liu, "
    "Haokun and Vania, Clara and Kann, Katharina and Bowman, Samuel R.}, "
    "booktitle={AACL}, year={2020}}",
    homepage="https://arxiv.org/abs/2005.13013",
)
