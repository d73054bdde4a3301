"""Study names resolved against the registry: tasks, languages, stages, targets.

Everything that the configuration alone can get wrong is found here, before any job exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xstilts.chains import TARGET, Member, stage_label, translation_language
from xstilts.config.recipe import Recipe
from xstilts.errors import UserError, unknown
from xstilts.grid import checks, sources, translations
from xstilts.grid.suites import all_targets
from xstilts.grid.views import view_targets
from xstilts.microworld import World
from xstilts.microworld.generators import BILINGUAL
from xstilts.suites import GROUPS
from xstilts.tasks import get_task
from xstilts.tasks.base import EMBEDDING_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.config.load import KeyPath, Lines
    from xstilts.config.protocol import ProtocolName
    from xstilts.config.study import Study, Target
    from xstilts.suites import GroupName
    from xstilts.tasks.base import Split, Task


UNTRAINED = "none"
"""Stands for the training sets of a target that is to be evaluated without training."""


@dataclass(frozen=True, slots=True)
class StageNode:
    """One stage of a chain."""

    label: str
    members: tuple[Member, ...]
    recipe: Recipe
    with_target: bool = False
    """Whether these are trained on together with the target, in its own stage."""


@dataclass(frozen=True, slots=True)
class TargetNode:
    """One column of the table."""

    name: str
    task: Task
    languages: tuple[str, ...]
    split: Split
    members: tuple[Member, ...]
    """What its stage trains on; empty for a target that is evaluated without training."""
    recipe: Recipe
    protocol: ProtocolName
    view: str = ""
    """Among which other targets it is averaged: the study's own, or a name (``grid.views``)."""
    model: str = ""
    """The target whose models these are."""
    predicted_as: str = ""
    """The target whose predictions these are: its own, unless a view makes the same."""


def _can_answer(trained: Task, task: Task) -> bool:
    """Whether a head trained on one task can predict another.

    All labels of one must be labels of the other: a head for persons, organisations and places can
    be asked for those where dates are named as well, and never finds a date.
    """
    ours, theirs = set(trained.labels), set(task.labels)
    same_sort = trained.kind == task.kind and bool(ours) == bool(theirs)
    return same_sort and (ours <= theirs or theirs <= ours)


class Names:
    """Looks up the names of one study."""

    def __init__(self, study: Study, lines: Lines, *, files_must_exist: bool = True) -> None:
        """Resolve and check.

        Args:
            study: the study.
            lines: the places of its keys.
            files_must_exist: False for a plan of a study whose data are not there yet.

        Raises:
            UserError: an unknown or impossible name; with its place in the study file.
        """
        self.study, self.lines = study, lines
        self.files_must_exist = files_must_exist
        self.world: World | None = None
        if study.source == "microworld":
            settings = study.microworld
            self.world = World(seed=settings.seed, num_languages=settings.languages)
        if self.files_must_exist:
            checks.check_source(self)
        if self.world and study.text:
            raise UserError(
                f"{lines.where(('text',))}: the microworld makes its own text. Remove this key."
            )
        for name in study.bases:
            checks.check_base(self, name)
        checks.check_text(self)
        self.text_languages = self._text_languages(pairs=False)
        self.pair_languages = self._text_languages(pairs=True)
        self.targets = {
            name: self._target(name, spec, place)
            for name, (spec, place) in all_targets(study, lines).items()
        }
        self.evaluated = self.targets | view_targets(self)
        """All that is measured: the study's targets and those of its views."""
        for name, node in self.evaluated.items():
            if node.view:
                where = lines.where(("choose_on",))
                for language in node.languages:
                    self.check_dataset(node.task, language, node.split, f"{where}: {name}")
        self.strategies = {
            name: self._strategy(name, stages) for name, stages in study.strategies.items()
        }
        for name in study.bases:
            checks.check_mask(self, name)
        checks.check_mentions(self)

    @property
    def languages_of_world(self) -> list[str]:
        """Language codes of the microworld, in order; empty for another source."""
        return [language.code for language in self.world.languages] if self.world else []

    def languages(self, task: Task, split: Split) -> tuple[str, ...]:
        """The languages in which a task has a split, from this study's source."""
        if task.kind == "mlm":
            return self.text_languages if task.name == "mlm" else self.pair_languages
        if self.world:
            source = self.study.source_language
            codes = self.languages_of_world
            return tuple(
                code for code in codes if task.microworld not in BILINGUAL or code != source
            )
        return sources.languages(self.study, task, split)

    def check_dataset(self, task: Task, language: str, split: Split, where: str) -> None:
        """Raise a UserError if this (task, language, split) does not exist or has no files."""
        known = self.languages(task, split)
        has_files = not self.world and task.kind != "mlm"
        if language not in known and (known or not has_files):
            raise unknown(f"language of {task.name} ({split})", language, known, where)
        if has_files and self.files_must_exist:
            sources.local_files(self.study, task, language, split, where)

    def _text_languages(self, *, pairs: bool) -> tuple[str, ...]:
        """Languages of the pretraining text; of its translation pairs, with ``pairs``."""
        source = self.study.source_language
        if self.world:
            codes = self.languages_of_world
            return tuple(code for code in codes if not pairs or code != source)
        listed = [
            language
            for text in self.study.text
            for language in text.languages
            if not pairs or (text.pairs and language != source)
        ]
        return tuple(dict.fromkeys(listed))

    def _members(self, mixture: Sequence[str], where: str) -> tuple[Member, ...]:
        members = []
        for text in mixture:
            member = Member.parse(text, self.study.source_language, where)
            task = get_task(member.task, where)
            if translation_language(member.language):
                translations.check(self, task, member.language, where)
            else:
                self.check_dataset(task, member.language, "train", where)
            if member in members:
                raise UserError(f"{where}: {text!r} is twice in one mixture. Remove one.")
            members.append(member)
        if not members:
            raise UserError(f"{where}: an empty mixture. Name a training set, or drop the stage.")
        return tuple(members)

    def _strategy(self, name: str, stages: Sequence[str | list[str]]) -> tuple[StageNode, ...]:
        nodes = tuple(
            self._stage(mixture, ("strategies", name, index))
            for index, mixture in enumerate(stages)
        )
        for index, node in enumerate(nodes[:-1]):
            if node.with_target:
                where = self.lines.where(("strategies", name, index))
                raise UserError(
                    f"{where}: {TARGET!r} stands for the target's own stage, which is the last. "
                    "Move this mixture to the end of the strategy."
                )
        return nodes

    def _stage(self, mixture: str | list[str], path: KeyPath) -> StageNode:
        where, name, recipe = self.lines.where(path), None, Recipe()
        if isinstance(mixture, str) and mixture in self.study.stages:
            name, recipe = mixture, self.study.stages[mixture].recipe
            where = self.lines.where(("stages", mixture, "mixture"))
            mixture = self.study.stages[mixture].mixture
        listed = [mixture] if isinstance(mixture, str) else mixture
        with_target = TARGET in listed
        members = self._members([text for text in listed if text != TARGET], where)
        label = stage_label(members, self.study.source_language, with_target=with_target)
        if name is None and label in self.study.stages:
            raise UserError(f"{where}: {label!r} is also the name of a stage. Rename the stage.")
        return StageNode(name or label, members, recipe, with_target)

    def _group(
        self, languages: tuple[str, ...], name: GroupName | Literal["all"]
    ) -> tuple[str, ...]:
        """Those of some languages that are of a group; all of the microworld's."""
        if name == "all" or self.world:
            return languages
        return tuple(language for language in languages if language in GROUPS[name])

    def _target(self, name: str, spec: Target, place: KeyPath) -> TargetNode:
        where = self.lines.where(place)
        task = get_task(spec.task or name, where)
        if isinstance(spec.languages, str):
            languages = self._group(self.languages(task, spec.split), spec.languages)
        else:
            languages = tuple(dict.fromkeys(spec.languages))
        if not languages:
            group = "any" if spec.languages == "all" else f"any {spec.languages}"
            raise UserError(f"{where}: {task.name} has no {spec.split} split in {group} language.")
        own = self.study.targets.get(name)
        for index, language in enumerate(languages):
            key = ("languages", index) if own and isinstance(own.languages, list) else ()
            self.check_dataset(task, language, spec.split, self.lines.where((*place, *key)))
        mixture = spec.train if spec.train is not None else task.train
        if mixture == UNTRAINED and task.kind not in EMBEDDING_KINDS:
            raise UserError(
                f"{where}.train: {UNTRAINED!r}, but {task.name} ({task.kind}) needs a trained "
                "head. Leave the key out, or name a training set."
            )
        if mixture in (None, UNTRAINED):
            return self._node(name, task, languages, spec, ())
        listed = [mixture] if isinstance(mixture, str) else mixture
        members = self._members(listed, where)
        for member in members:
            trained = get_task(member.task, where)
            if not _can_answer(trained, task):
                raise UserError(
                    f"{where}: a head trained on {member.task} cannot answer {task.name}: kinds or "
                    f"labels differ ({trained.kind} {trained.labels}, {task.kind} {task.labels})."
                )
        return self._node(name, task, languages, spec, members)

    def _node(
        self,
        name: str,
        task: Task,
        languages: tuple[str, ...],
        spec: Target,
        members: tuple[Member, ...],
    ) -> TargetNode:
        return TargetNode(
            name,
            task,
            languages,
            spec.split,
            members,
            spec.recipe,
            self.study.protocol,
            model=name,
            predicted_as=name,
        )
