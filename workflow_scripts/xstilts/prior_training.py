"""Tasks that published base models were already trained on, by their model cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xstilts.tasks.base import Task


@dataclass(frozen=True, slots=True)
class PriorTraining:
    """Labelled tasks in the training of a published model, after its pretraining on text."""

    tasks: tuple[str, ...]
    """Names of tasks; data sets that are no task of this package are left out."""
    source: str


# its data for retrieval with labels: NLI (SNLI and MultiNLI, from SimCSE), SQuAD, Quora's pairs,
# Mr. TyDi (TyDi QA's questions with their passages), among others
_E5 = PriorTraining(
    ("snli", "mnli", "squad_v1", "qqp", "tydiqa"),
    "Wang et al. 2024, arXiv 2402.05672, and the model's card",
)

KNOWN: Mapping[str, PriorTraining] = {
    "intfloat/multilingual-e5-small": _E5,
    "intfloat/multilingual-e5-base": _E5,
    "intfloat/multilingual-e5-large": _E5,
    "intfloat/multilingual-e5-large-instruct": _E5,
    "joeddav/xlm-roberta-large-xnli": PriorTraining(("mnli", "xnli"), "the model's card"),
    "MoritzLaurer/mDeBERTa-v3-base-mnli-xnli": PriorTraining(("mnli", "xnli"), "the model's card"),
    "deepset/xlm-roberta-base-squad2": PriorTraining(("squad_v2",), "the model's card"),
    "deepset/xlm-roberta-large-squad2": PriorTraining(("squad_v2",), "the model's card"),
}
"""Hub id to its prior training; others are taken to have seen text only."""


def shared_data(task: Task, trained_on: Iterable[str], known: Mapping[str, Task]) -> list[str]:
    """Return the tasks in a base's prior training that share training data with a task.

    Args:
        task: trained on or evaluated in a study.
        trained_on: names of tasks in the base's prior training.
        known: all tasks by name.
    """
    return [name for name in trained_on if task.data & known[name].data]
