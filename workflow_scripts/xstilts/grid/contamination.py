"""Evaluated text that a study also trains on as text, in pretraining or masked language modelling.

Known from the study file alone: a task whose examples are used as text, and a target with the same
examples or with text of the same corpus (``Task.corpus``). Text from files is compared by the
overlap audit (``data.overlap``), which measures everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xstilts.errors import UserError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xstilts.chains import Member
    from xstilts.config.load import Lines
    from xstilts.config.study import Study, Text
    from xstilts.grid.names import Names
    from xstilts.grid.nodes import TargetNode
    from xstilts.kinds import Split
    from xstilts.tasks.base import Task

Mark = tuple[str, str, str]
"""Base, strategy and target of a cell whose evaluated text was trained on."""


@dataclass(frozen=True, slots=True)
class Contamination:
    """One entry of ``text`` that shares a corpus with a target."""

    index: int
    """Index of the entry in the study's ``text``."""
    text: Text
    target: TargetNode
    cells: tuple[tuple[str, str], ...]
    """Base and strategy of the chains that train on it."""


def corpus_of(task: Task) -> str:
    """Return the corpus that the texts of a task are from: its own name if it shares none."""
    return task.corpus or task.name


def contamination(study: Study, names: Names) -> Iterator[Contamination]:
    """Yield the evaluated texts of a study that its stages also train on as text."""
    for index, text in enumerate(study.text):
        for target in names.all_targets.values():
            shared = text.task and _shared(study.known_tasks[text.task], text, target)
            if shared and (cells := tuple(_cells(study, names, text, target))):
                yield Contamination(index, text, target, cells)


def check_contamination(study: Study, lines: Lines, names: Names) -> None:
    """Raise a UserError for evaluated text in training text that the study does not admit.

    Also for a corpus under ``known_contamination`` that no task has.
    """
    known = {corpus_of(task) for task in study.known_tasks.values() if task.kind != "mlm"}
    for index, corpus in enumerate(study.known_contamination):
        if corpus not in known:
            where = lines.where(("known_contamination", index))
            raise unknown("corpus of a task", corpus, known, where)
    for found in contamination(study, names):
        corpus = corpus_of(found.target.task)
        if corpus not in study.known_contamination:
            base, strategy = found.cells[0]
            raise UserError(
                f"{lines.where(('text', found.index))}: {found.text.task} ({found.text.split}) is "
                f"text of {corpus}, which the target {found.target.name} evaluates: the strategy "
                f"{strategy!r} of {base} would train on test sentences. Use other text or another "
                f"target, or set `known_contamination: [{corpus}]`, which marks these cells."
            )


def marks(study: Study, names: Names, view: str) -> dict[Mark, str]:
    """Return the cells of a view whose evaluated text was trained on, with its corpus."""
    return {
        (base, strategy, found.target.name): corpus_of(found.target.task)
        for found in contamination(study, names)
        if found.target.view == view
        for base, strategy in found.cells
    }


def _shared(task: Task, text: Text, target: TargetNode) -> bool:
    """Return True if the examples of a task, used as text, may have texts that a target evaluates.

    The splits of one data set have different texts, unless they are read from the same files; those
    of another with the same corpus need not.
    A corpus of several tasks is parallel; other data sets may have different texts by language.
    """
    if corpus_of(task) != corpus_of(target.task):
        return False
    if task.name == target.task.name and not _same_files(task, text.split, target.split):
        return False
    return bool(task.corpus or {*text.languages} & {*target.languages})


def _same_files(task: Task, first: Split, second: Split) -> bool:
    if first == second:
        return True
    # a composite task has no files of its own
    return first in task.files and task.files[first] == task.files.get(second)


def _cells(study: Study, names: Names, text: Text, target: TargetNode) -> Iterator[tuple[str, str]]:
    """Yield base and strategy of the chains to a target that train on a text."""
    for base, settings in study.bases.items():
        for strategy, stages in names.strategies.items():
            members = [member for stage in stages for member in stage.members]
            if settings.pretrain or _trains_on(study, text, [*members, *target.members]):
                yield base, strategy


def _trains_on(study: Study, text: Text, members: Iterable[Member]) -> bool:
    return any(
        member.language in text.languages and (member.task == "mlm" or text.pairs)
        for member in members
        if study.known_tasks[member.task].kind == "mlm"
    )
