"""Study names resolved against the registry: tasks, languages, stages, targets.

The names are read here, whatever they stand for; ``checks`` says whether the study can have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xstilts.chains import TARGET, Member, stage_label
from xstilts.config.recipe import RecipeOverrides
from xstilts.config.study import UNTRAINED
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
    """What the names of one study stand for."""

    coverage: Coverage
    """What its source has."""
    strategies: dict[str, tuple[StageNode, ...]]
    """The stages of each strategy, in the study's order."""
    all_targets: dict[str, TargetNode]
    """All that is measured: the study's own targets, then those of its views."""

    def targets_of(self, view: str) -> dict[str, TargetNode]:
        """The targets of one view by name, in the study's order; an empty name: its own."""
        return {name: node for name, node in self.all_targets.items() if node.view == view}

    def predicted_targets(self) -> dict[str, TargetNode]:
        """Those of all views that have predictions of their own."""
        return {name: node for name, node in self.all_targets.items() if node.predicted_as == name}


def parse_names(study: Study, lines: Lines, *, files_must_exist: bool = True) -> Names:
    """Resolve the names of a study.

    Args:
        study: the study.
        lines: where each of its keys is.
        files_must_exist: False for a plan of a study whose data are not there yet.

    Raises:
        UserError: a name that is not known, or a mixture that is none.
    """
    coverage = Coverage(study, files_must_exist=files_must_exist)
    own = {
        name: _target(coverage, lines, name, spec, key)
        for name, (spec, key) in wanted_targets(study, lines).items()
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
    """The training sets of a mixture.

    Raises:
        UserError: a task that is not known, the same set twice, or no set at all.
    """
    members: list[Member] = []
    for text in mixture:
        member = Member.parse(text, coverage.study.source_language, where)
        coverage.task(member.task, where)
        if member in members:
            raise UserError(f"{where}: {text!r} is twice in one mixture. Remove one.")
        members.append(member)
    if not members:
        raise UserError(f"{where}: an empty mixture. Name a training set, or drop the stage.")
    return tuple(members)


def _stage(coverage: Coverage, lines: Lines, mixture: str | list[str], key: KeyPath) -> StageNode:
    """A stage of a strategy: a named one, or a mixture."""
    study, name, recipe = coverage.study, None, RecipeOverrides()
    if isinstance(mixture, str) and mixture in study.stages:
        name, recipe, key = mixture, study.stages[mixture].recipe, ("stages", mixture, "mixture")
        mixture = study.stages[mixture].mixture
    listed = [mixture] if isinstance(mixture, str) else mixture
    with_target = TARGET in listed
    members = _members(coverage, [text for text in listed if text != TARGET], lines.where(key))
    label = name or stage_label(members, study.source_language, with_target=with_target)
    return StageNode(label=label, members=members, recipe=recipe, with_target=with_target, key=key)


def _target(coverage: Coverage, lines: Lines, name: str, spec: Target, key: KeyPath) -> TargetNode:
    """A target of the study's own.

    Raises:
        UserError: no such task, no language, or it needs training data and is to have none.
    """
    where = lines.where(key)
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
            "head. Leave the key out, or name a training set."
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
        key=key,
    )


def _group(
    coverage: Coverage, languages: tuple[str, ...], name: GroupName | Literal["all"]
) -> tuple[str, ...]:
    """Those of some languages that are of a group; all of the microworld's."""
    if name == "all" or coverage.world:
        return languages
    return tuple(language for language in languages if language in GROUPS[name])
