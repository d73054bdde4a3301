"""What a study leaves out because its data cannot be had (``when_missing: skip``).

Targets lose languages or are left out; strategies lose training sets of a mixture or are left out.
A strategy with a smaller mixture has another name, ``multi (8 of 9)``, in all tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from xstilts.chains import TARGET, Member, translation_language
from xstilts.config.without import without
from xstilts.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xstilts.config.load import Lines
    from xstilts.config.study import Mixture, Study
    from xstilts.grid.coverage import Coverage
    from xstilts.grid.names import Names
    from xstilts.grid.nodes import StageNode, TargetNode
    from xstilts.kinds import Split


@dataclass(frozen=True, kw_only=True, slots=True)
class Gaps:
    """The data sets that a study cannot have, and what it loses with them; all empty if nothing."""

    members: Mapping[Member, str] = field(default_factory=dict)
    """Training sets, and why they are missing."""
    strategies: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    """Strategies that are left out, and the training sets that they lack."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Strategies with smaller mixtures, and their new names."""
    targets: Mapping[str, str] = field(default_factory=dict)
    """Targets of all views that are left out, and why."""
    languages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Languages that remaining targets lack, and why, by target."""
    wanted: Names | None = None
    """The names of the whole study; None without gaps."""

    def __bool__(self) -> bool:
        """True if anything is left out."""
        return self.wanted is not None

    def sentences(self) -> Iterator[str]:
        """Yield a sentence for each reason, with everything that is left out for it."""
        found: dict[str, dict[str, None]] = {}
        for name, lacking in self.strategies.items():
            found.setdefault(self.members[lacking[0]], {})[f"strategy {name}"] = None
        for old, new in self.renamed.items():
            for member in self._lost_by(old):
                text = f"{member.task}@{member.language} in strategy {old}, which is now `{new}`"
                found.setdefault(self.members[member], {})[text] = None
        for name, reason in self.targets.items():
            # not again for each view
            if name == self._own(name) or self._own(name) not in self.targets:
                found.setdefault(reason, {})[f"target {name}"] = None
        for name, lost in self.languages.items():
            if name != self._own(name) and lost == self.languages.get(self._own(name)):
                continue
            for reason in dict.fromkeys(lost.values()):
                codes = (code for code, other in lost.items() if other == reason)
                found.setdefault(reason, {})[f"{', '.join(codes)} of target {name}"] = None
        for reason, texts in found.items():
            yield f"Left out: {'; '.join(texts)}: {reason}."

    def _own(self, target: str) -> str:
        """Return the study's own target of a view's target."""
        assert self.wanted is not None
        return self.wanted.all_targets[target].model

    def _lost_by(self, strategy: str) -> list[Member]:
        assert self.wanted is not None
        nodes = self.wanted.strategies[strategy]
        members = dict.fromkeys(member for node in nodes for member in node.members)
        return [member for member in members if member in self.members]

    def reason(self, strategy: str, target: str) -> str:
        """Return why a cell is left out."""
        if target in self.targets:
            return self.targets[target]
        return self.members[self.strategies[strategy][0]]

    def label(self, stage: StageNode) -> str:
        """Return the label of a stage, with the number of training sets that are left of it."""
        if not self.wanted or stage.key_path[0] != "stages":
            # other labels name their training sets
            return stage.label
        nodes = (node for nodes in self.wanted.strategies.values() for node in nodes)
        whole = next(len(node.members) for node in nodes if node.label == stage.label)
        left = len(stage.members)
        return stage.label if left == whole else f"{stage.label} ({left} of {whole})"

    def text(self) -> str:
        """Return what is left out as one paragraph; empty if nothing is."""
        if not self:
            return ""
        end = "Averages over targets or languages that are left out are incomplete."
        return " ".join([*self.sentences(), *([end] if self.targets or self.languages else [])])

    def study(self, study: Study) -> Study:
        """Return the study with the strategies and mixtures that are left."""
        left, pairs = without(study.strategies, study.contrasts, self.strategies, self.renamed)
        stages = {
            name: stage.model_copy(update={"mixture": self._left(study, stage.mixture)})
            for name, stage in study.stages.items()
        }
        strategies = {
            name: [
                mixture
                if isinstance(mixture, str) and mixture in study.stages
                else self._left(study, mixture)
                for mixture in mixtures
            ]
            for name, mixtures in left.items()
        }
        return study.model_copy(
            update={
                "stages": stages,
                "strategies": strategies,
                "contrasts": pairs,
                "baseline": self.renamed.get(study.baseline, study.baseline),
            }
        )

    def _left(self, study: Study, mixture: Mixture) -> Mixture:
        if isinstance(mixture, str):
            return mixture
        return [
            text
            for text in mixture
            if text == TARGET or Member.parse(text, study.source_language) not in self.members
        ]

    def names(self, names: Names) -> Names:
        """Return names without the targets and languages that are left out."""
        left = {
            name: replace(
                node,
                languages=tuple(
                    code for code in node.languages if code not in self.languages.get(name, {})
                ),
            )
            for name, node in names.all_targets.items()
            if name not in self.targets
        }
        return replace(names, all_targets=left)


def find_gaps(study: Study, lines: Lines, names: Names, selecting: Iterable[Member]) -> Gaps:
    """Return what a study has to leave out.

    Args:
        study: the whole study.
        lines: file and line of each key.
        names: its names.
        selecting: training sets on whose dev sets weights are selected.

    Raises:
        UserError: a language or split that a task does not have; or nothing is left to compare.
    """
    search = _Search(names.coverage, lines, frozenset(selecting))
    strategies: dict[str, tuple[Member, ...]] = {}
    renamed: dict[str, str] = {}
    for name, nodes in names.strategies.items():
        lacking = [search.lacking(node) for node in nodes]
        if any(len(lost) == len(node.members) for lost, node in zip(lacking, nodes, strict=True)):
            strategies[name] = tuple(dict.fromkeys(one for lost in lacking for one in lost))
        elif any(lacking):
            counts = [
                f"{len(node.members) - len(lost)} of {len(node.members)}"
                for lost, node in zip(lacking, nodes, strict=True)
                if lost
            ]
            renamed[name] = f"{name} ({', '.join(counts)})"
    targets: dict[str, str] = {}
    languages: dict[str, dict[str, str]] = {}
    for name, node in names.all_targets.items():
        lost = search.lost_languages(node)
        untrained = [search.members[member] for member in search.lacking(node)]
        if node.model in targets or untrained or len(lost) == len(node.languages):
            reason = untrained[0] if untrained else next(iter(lost.values()), "")
            targets[name] = targets.get(node.model, reason)
        elif lost:
            languages[name] = lost
    if not (strategies or renamed or targets or languages):
        return Gaps()
    gaps = Gaps(
        members=search.missing,
        strategies=strategies,
        renamed=renamed,
        targets=targets,
        languages=languages,
        wanted=names,
    )
    _require_something(study, lines, names, gaps)
    return gaps


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks up each data set once."""

    coverage: Coverage
    lines: Lines
    selecting: frozenset[Member]
    members: dict[Member, str] = field(default_factory=dict)
    """Training sets, and why they cannot be had; empty for those that can."""

    @property
    def missing(self) -> dict[Member, str]:
        return {member: reason for member, reason in self.members.items() if reason}

    def lacking(self, node: StageNode | TargetNode) -> list[Member]:
        """Return the training sets of a stage or target that cannot be had."""
        where = self.lines.where(node.key_path)
        for member in node.members:
            if member not in self.members:
                self.members[member] = self._absent(member, where)
        return [member for member in node.members if self.members[member]]

    def _absent(self, member: Member, where: str) -> str:
        study, language = self.coverage.study, member.language
        task = study.known_tasks[member.task]
        is_file = False
        if translation_language(language):
            language = study.source_language
            is_file = task.name in study.translations.files
            if language not in self.coverage.languages(task, "train"):
                # reported with the other checks of translations
                return ""
        needed: list[Split] = [] if is_file else ["train"]
        needed += ["validation"] if Member(task.name, language) in self.selecting else []
        reasons = (self.coverage.absent(task, language, split, where) for split in needed)
        return next((_short(reason, language) for reason in reasons if reason), "")

    def lost_languages(self, node: TargetNode) -> dict[str, str]:
        """Return the languages of a target without evaluation data, and why they have none."""
        where = self.lines.where(node.key_path)
        found = {
            code: _short(self.coverage.absent(node.task, code, node.split, where), code)
            for code in node.languages
        }
        return {code: reason for code, reason in found.items() if reason}


def _short(reason: str, language: str) -> str:
    """Return the first sentence of a message without the language: equal for all languages."""
    first = re.split(r"\. (?=[A-Z])", reason, maxsplit=1)[0].rstrip(".")
    return first.replace(f" in {language!r}", "")


def _require_something(study: Study, lines: Lines, names: Names, gaps: Gaps) -> None:
    """Raise a UserError if the study has no target, baseline or other strategy any more."""
    own = [name for name, node in names.all_targets.items() if not node.view]
    trained = [name for name, nodes in names.strategies.items() if nodes]
    key, left = "targets", [name for name in own if name not in gaps.targets]
    if left:
        key, left = "strategies", [name for name in trained if name not in gaps.strategies]
    if not left and (key == "targets" or trained):
        raise UserError(
            f"{lines.where((key,))}: none of the {key} is left without the missing data. "
            f"{' '.join(gaps.sentences())} Set data_root to a folder with release files, or choose "
            "other tasks."
        )
    if study.baseline in gaps.strategies:
        raise UserError(
            f"{lines.where(('baseline',))}: the baseline {study.baseline!r} lacks its data. "
            f"{' '.join(gaps.sentences())} Name another baseline."
        )
