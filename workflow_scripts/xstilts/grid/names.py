"""Names of a study resolved against the registry: tasks, languages, stages, targets.

This module resolves names only; ``checks`` validates that data and files exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xstilts.chains import TARGET, Member, stage_label
from xstilts.config.own_task import UNTRAINED
from xstilts.config.recipe import Recipe
from xstilts.errors import UserError
from xstilts.grid.coverage import Coverage
from xstilts.grid.nodes import StageNode, TargetNode
from xstilts.grid.suites import wanted_targets
from xstilts.grid.views import view_targets
from xstilts.kinds import EMBEDDING_KINDS
from xstilts.suites import GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.config.load import KeyPath, Lines
    from xstilts.config.study import Study, Target
    from xstilts.suites import GroupName


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The resolved names of one study."""

    coverage: Coverage
    """Data sets of the study's source."""
    strategies: dict[str, tuple[StageNode, ...]]
    """The stages of each strategy, in the study's order."""
    all_targets: dict[str, TargetNode]
    """All evaluated targets: the study's own, then those of its views."""

    def targets_of(self, view: str) -> dict[str, TargetNode]:
        """Return the targets of a view by name, in the study's order; empty for its own view."""
        return {name: node for name, node in self.all_targets.items() if node.view == view}

    def tasks(self) -> set[str]:
        """Return the names of all tasks that are trained on, evaluated, or used as text."""
        nodes = [node for stages in self.strategies.values() for node in stages]
        found = {member.task for node in nodes for member in node.members}
        for target in self.all_targets.values():
            found |= {target.task.name, *(member.task for member in target.members)}
        return found | {text.task for text in self.coverage.study.text if text.task}

    def predicted_targets(self) -> dict[str, TargetNode]:
        """Return the targets of all views that have their own predictions."""
        return {name: node for name, node in self.all_targets.items() if node.predicted_as == name}


def parse_names(study: Study, lines: Lines, *, files_must_exist: bool = True) -> Names:
    """Resolve the names of a study.

    Args:
        study: the study.
        lines: file and line of each key.
        files_must_exist: False for a plan of a study whose data do not exist yet.

    Raises:
        UserError: unknown name, or invalid mixture.
    """
    coverage = Coverage(study, files_must_exist=files_must_exist)
    own = {
        name: _target(coverage, lines, name, spec, key_path)
        for name, (spec, key_path) in wanted_targets(study, lines).items()
    }
    strategies = {
        name: tuple(
            _stage(coverage, lines, mixture, ("strategies", name, index))
            for index, mixture in enumerate(stages)
        )
        for name, stages in study.strategies.items()
    }
    return Names(
        coverage=coverage, strategies=strategies, all_targets=own | view_targets(coverage, own)
    )


def _members(coverage: Coverage, mixture: Sequence[str], where: str) -> tuple[Member, ...]:
    """Return the training sets of a mixture.

    Raises:
        UserError: unknown task, duplicate training set, or empty mixture.
    """
    members: list[Member] = []
    for text in mixture:
        member = Member.parse(text, coverage.study.source_language, where)
        coverage.task(member.task, where)
        if member in members:
            raise UserError(f"{where}: {text!r} is twice in one mixture. Remove one.")
        members.append(member)
    if not members:
        raise UserError(f"{where}: an empty mixture. Name a training set, or remove the stage.")
    return tuple(members)


def _stage(
    coverage: Coverage, lines: Lines, mixture: str | list[str], key_path: KeyPath
) -> StageNode:
    """Return a stage of a strategy: a named stage, or a mixture."""
    study, name, recipe = coverage.study, None, Recipe()
    if isinstance(mixture, str) and mixture in study.stages:
        name, named, key_path = mixture, study.stages[mixture], ("stages", mixture, "mixture")
        mixture, recipe = named.mixture, named.recipe
    listed = [mixture] if isinstance(mixture, str) else mixture
    with_target = TARGET in listed
    members = _members(coverage, [text for text in listed if text != TARGET], lines.where(key_path))
    label = name or stage_label(members, study.source_language, with_target=with_target)
    return StageNode(
        label=label, members=members, recipe=recipe, with_target=with_target, key_path=key_path
    )


def _target(
    coverage: Coverage, lines: Lines, name: str, spec: Target, key_path: KeyPath
) -> TargetNode:
    """Return a target of the study.

    Raises:
        UserError: unknown task, no language, or ``train: none`` for a task that needs training.
    """
    where = lines.where(key_path)
    task = coverage.task(spec.task or name, where)
    if isinstance(spec.languages, str):
        languages = _group(coverage, coverage.languages(task, spec.split), spec.languages)
    else:
        languages = tuple(dict.fromkeys(spec.languages))
    if not languages:
        group = "any" if spec.languages == "all" else f"any {spec.languages}"
        raise UserError(f"{where}: {task.name} has no {spec.split} split in {group} language.")
    mixture = spec.train if spec.train is not None else task.train
    if mixture == UNTRAINED and task.kind not in EMBEDDING_KINDS:
        raise UserError(
            f"{where}.train: {UNTRAINED!r}, but {task.name} ({task.kind}) needs a trained "
            "head. Remove the key, or name a training set."
        )
    members: tuple[Member, ...] = ()
    if mixture is not None and mixture != UNTRAINED:
        listed = [mixture] if isinstance(mixture, str) else mixture
        members = _members(coverage, listed, where)
    return TargetNode(
        name=name,
        task=task,
        languages=languages,
        split=spec.split,
        members=members,
        recipe=spec.recipe,
        protocol=coverage.study.protocol,
        model=name,
        predicted_as=name,
        key_path=key_path,
    )


def _group(
    coverage: Coverage, languages: tuple[str, ...], name: GroupName | Literal["all"]
) -> tuple[str, ...]:
    """Return the languages that belong to a group; in the microworld, all of them."""
    if name == "all" or coverage.world:
        return languages
    return tuple(language for language in languages if language in GROUPS[name])
