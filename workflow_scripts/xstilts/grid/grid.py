"""The grid of a study: its models as a prefix tree of stages, its cells, and their inputs.

Rules ask this class for input files and parameters by wildcard; it holds no state but the study.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import (
    EMPTY_CHAIN,
    STAGE_JOINER,
    Member,
    chain_label,
    chain_text,
    translation_language,
)
from xstilts.config import load_study
from xstilts.config.protocol import PROTOCOLS
from xstilts.config.recipe import RecipeOverrides
from xstilts.errors import UserError
from xstilts.grid import translations
from xstilts.grid.names import Names, StageNode, TargetNode
from xstilts.grid.recipes import Position, stage_recipe, stage_running
from xstilts.grid.sources import TextFiles, text_files
from xstilts.paths import Paths
from xstilts.tasks import TASKS
from xstilts.tasks.base import BASELINE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xstilts.config.load import Lines
    from xstilts.config.study import Study


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table for one seed."""

    base: str
    seed: int
    strategy: str
    stages: tuple[str, ...]
    target: str


class Grid:
    """All products of a study, by wildcard values."""

    def __init__(self, study: Study, lines: Lines, *, files_must_exist: bool = True) -> None:
        """Unroll a checked study; its data may be missing for a plan.

        Raises:
            UserError: a name in the study does not resolve.
        """
        self.study = study
        self.lines = lines
        self.names = Names(study, lines, files_must_exist=files_must_exist)
        self.paths = Paths(f"results/{study.study}")
        self._check_dev_sets()

    @classmethod
    def load(
        cls,
        config: Mapping[str, Any] | None,
        files: Iterable[str | Path],
        *,
        files_must_exist: bool = True,
    ) -> Grid:
        """The grid of a merged configuration (None: of the files as they are)."""
        study, lines = load_study(config, [Path(file) for file in files])
        return cls(study, lines, files_must_exist=files_must_exist)

    # --- the tree of stages -------------------------------------------------------------------

    @cached_property
    def chains(self) -> dict[str, tuple[StageNode, ...]]:
        """Every chain and every prefix of one, by its label; a shared prefix stands once."""
        found: dict[str, tuple[StageNode, ...]] = {EMPTY_CHAIN: ()}
        for stages in self.names.strategies.values():
            for length in range(1, len(stages) + 1):
                prefix = stages[:length]
                found[chain_label(tuple(stage.label for stage in prefix))] = prefix
        return found

    @property
    def targets(self) -> dict[str, TargetNode]:
        """Targets by name, in the study's order."""
        return self.names.targets

    def headline(self, target: str) -> str:
        """The metric that a target is known by.

        Mining that chooses its threshold on the evaluated set itself is no result on unseen data:
        its metric is another one.
        """
        node = self.targets[target]
        oracle = PROTOCOLS[self.study.protocol].mining_threshold == "oracle"
        if node.task.kind == "mining" and (oracle or node.split != "test"):
            return f"{node.task.metric}_oracle"
        return node.task.metric

    def stages_of(self, chain: str) -> tuple[str, ...]:
        """Stage labels of a chain label."""
        return () if chain == EMPTY_CHAIN else tuple(chain.split(STAGE_JOINER))

    def cells(self) -> Iterator[Cell]:
        """All cells, in the order base, seed, strategy, target."""
        for base in self.study.bases:
            for seed in self.study.seeds:
                for strategy, nodes in self.names.strategies.items():
                    stages = tuple(node.label for node in nodes)
                    for target in self.targets:
                        yield Cell(base, seed, strategy, stages, target)

    def strategy_text(self, strategy: str, target: str | None = None) -> str:
        """The chain of a strategy as people write it."""
        stages = tuple(node.label for node in self.names.strategies[strategy])
        return chain_text(stages, target)

    # --- files --------------------------------------------------------------------------------

    def intermediate_models(self) -> list[str]:
        """Manifests of all intermediate models, prefixes included."""
        return [
            self.paths.intermediate(base, seed, self.stages_of(chain))
            for base in self.study.bases
            for seed in self.study.seeds
            for chain in self.chains
            if chain != EMPTY_CHAIN
        ]

    def model_of(self, base: str, seed: int, chain: str, target: str) -> str:
        """Manifest of the model that predicts a cell."""
        stages = self.stages_of(chain)
        if self.targets[target].members:
            return self.paths.target(base, seed, stages, target)
        return self.paths.intermediate(base, seed, stages)

    def target_models(self) -> list[str]:
        """Manifests of the models that predict, without repetition."""
        return list(
            dict.fromkeys(
                self.model_of(c.base, c.seed, chain_label(c.stages), c.target) for c in self.cells()
            )
        )

    def predictions(self) -> list[str]:
        """All prediction files, and the manifests that say that all languages are there."""
        files: dict[str, None] = {}
        for c in self.cells():
            place = (c.base, c.seed, c.stages, c.target)
            files[f"{self.paths.cell('predictions', *place)}/manifest.json"] = None
            for language in self.targets[c.target].languages:
                files[self.paths.prediction(*place, language)] = None
        return list(files)

    def scores(self) -> list[str]:
        """All score files, without repetition."""
        return list(
            dict.fromkeys(
                self.paths.scores(c.base, c.seed, c.stages, c.target) for c in self.cells()
            )
        )

    def baselines(self) -> list[str]:
        """Score files of the baselines, of the targets whose kind has any."""
        return [
            self.paths.baselines(name)
            for name, node in self.targets.items()
            if node.task.kind in BASELINE_KINDS
        ]

    def baseline_members(self, target: str) -> tuple[Member, ...]:
        """The training sets that a target's baselines are trained on: those of its own kind."""
        node = self.targets[target]
        return tuple(m for m in node.members if TASKS[m.task].kind == node.task.kind)

    def text_members(self, base: str) -> tuple[Member, ...]:
        """What a base model that is built here is pretrained on."""
        pretrain = self.study.bases[base].pretrain
        members = [Member("mlm", language) for language in self.names.text_languages]
        if pretrain and pretrain.tlm:
            members += [Member("tlm", language) for language in self.names.pair_languages]
        return tuple(members)

    def members(self, base: str, chain: str, target: str | None) -> tuple[Member, ...]:
        """Training sets of the last stage of a model."""
        if target is not None:
            return self.targets[target].members
        if chain == EMPTY_CHAIN:
            return self.text_members(base)
        return self.chains[chain][-1].members

    def recipe(self, base: str, chain: str, target: str | None) -> dict[str, Any]:
        """The full recipe of the last stage of a model."""
        return stage_recipe(self.study, *self._levels(base, chain, target))

    def running(self, base: str, chain: str, target: str | None) -> dict[str, int]:
        """What the recipe says of how that stage is run, which does not change its result."""
        return stage_running(self.study, *self._levels(base, chain, target))

    def _levels(
        self, base: str, chain: str, target: str | None
    ) -> tuple[Position, tuple[Member, ...], RecipeOverrides]:
        """Position, training sets and own recipe of the last stage of a model."""
        position: Position = "target"
        own = self.targets[target].recipe if target else RecipeOverrides()
        if target is None and chain != EMPTY_CHAIN:
            position, own = "intermediate", self.chains[chain][-1].recipe
        elif target is None:
            pretrain = self.study.bases[base].pretrain
            assert pretrain is not None, base
            position, own = "pretrain", pretrain.recipe
        return position, self.members(base, chain, target), own

    def dev_members(self, base: str, chain: str, target: str | None) -> tuple[Member, ...]:
        """Training sets on whose dev sets the weights of a model are selected.

        A translated one has none of its own: it is selected on that of the source language.
        """
        if self.recipe(base, chain, target)["selection"] == "last":
            return ()
        members = [
            Member(member.task, self.study.source_language)
            if translation_language(member.language)
            else member
            for member in self.members(base, chain, target)
            if TASKS[member.task].kind != "mlm"
        ]
        return tuple(dict.fromkeys(members))

    def _stages(self) -> Iterator[tuple[str, str, str | None]]:
        """(base, chain, target) of everything that is trained after pretraining."""
        for base in self.study.bases:
            yield from ((base, chain, None) for chain in self.chains if chain != EMPTY_CHAIN)
            for target, node in self.targets.items():
                yield from ((base, chain, target) for chain in self.chains if node.members)

    def _selecting_members(self) -> list[Member]:
        """Training sets of which any stage uses the dev set, without repetition."""
        found = {member: None for stage in self._stages() for member in self.dev_members(*stage)}
        return list(found)

    def _check_dev_sets(self) -> None:
        where = self.lines.where(("recipes",))
        for member in self._selecting_members():
            try:
                task = TASKS[member.task]
                self.names.check_dataset(task, member.language, "validation", where)
            except UserError as error:
                raise UserError(
                    f"{error} Weights are selected on dev sets, unless `selection: last` is set; "
                    f"for instance, in recipes.tasks.{member.task}."
                ) from None

    def selection_data(self) -> list[str]:
        """Manifests of all dev sets that weights are selected on."""
        return [
            self.paths.data(member.task, member.language, "validation")
            for member in self._selecting_members()
        ]

    def _training_members(self) -> list[Member]:
        """All training sets, pretraining text included, without repetition."""
        members: dict[Member, None] = {}
        for base, settings in self.study.bases.items():
            if settings.pretrain:
                members |= dict.fromkeys(self.text_members(base))
        for chain in self.chains.values():
            for stage in chain:
                members |= dict.fromkeys(stage.members)
        for target in self.targets.values():
            members |= dict.fromkeys(target.members)
        return list(members)

    def training_data(self) -> list[str]:
        """Manifests of all training sets, pretraining text included."""
        return [self.paths.data(m.task, m.language, "train") for m in self._training_members()]

    def evaluation_data(self) -> list[str]:
        """Manifests of all evaluated sets."""
        found = {
            self.paths.data(target.task.name, language, target.split): None
            for target in self.targets.values()
            for language in target.languages
        }
        return list(found)

    def text_sources(self, task: str, language: str) -> list[str | TextFiles]:
        """What the text of (mlm | tlm, language) is taken from: data manifests, or files."""
        sources: list[str | TextFiles] = []
        for text in self.study.text:
            wanted = {language} if task == "mlm" else {language, self.study.source_language}
            if not wanted <= set(text.languages) or (task == "tlm" and not text.pairs):
                continue
            found: list[str | TextFiles] = (
                [text_files(self.study, text, language)] if text.files else []
            )
            if text.task:
                found += [self.paths.data(text.task, code, text.split) for code in sorted(wanted)]
            sources += [item for item in found if item not in sources]
        return sources

    # --- patterns -----------------------------------------------------------------------------

    def patterns(self) -> dict[str, str]:
        """Wildcard constraints: only names of this study match."""
        bases = self.study.bases
        languages: set[str] = set(self.names.text_languages) | set(self.names.pair_languages)
        languages.add(self.study.source_language)
        for target in self.targets.values():
            languages |= set(target.languages) | {member.language for member in target.members}
        for chain in self.chains.values():
            languages |= {member.language for stage in chain for member in stage.members}
        languages |= {language for text in self.study.text for language in text.languages}
        made = translations.model_made(self.study, self._training_members())
        return {
            "base": any_of(bases),
            "built_base": any_of(name for name, base in bases.items() if base.pretrain),
            "found_base": any_of(name for name, base in bases.items() if not base.pretrain),
            "seed": any_of(map(str, self.study.seeds)),
            "chain": any_of(self.chains),
            "task": any_of(TASKS),
            "translated_task": any_of(sorted({member.task for member in made})),
            "translated": any_of(sorted({member.language for member in made})),
            "language": any_of(languages),
            "split": "train|validation|test",
            "target": any_of(self.targets),
        }


def any_of(names: Iterable[str]) -> str:
    """A regular expression that matches exactly these names; nothing if there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"
