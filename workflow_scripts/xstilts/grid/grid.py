"""The grid of a study: its models as a prefix tree of stages, its cells, and their inputs.

Rules ask this class for input files and parameters by wildcard; it holds no state but the study.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.chains import (
    EMPTY_CHAIN,
    Member,
    chain_label,
    chain_text,
)
from xstilts.config import load_study
from xstilts.config.protocol import PROTOCOLS
from xstilts.grid import translations
from xstilts.grid.checks import check_dev_sets, check_names
from xstilts.grid.names import parse_names
from xstilts.grid.processes import check_parallel
from xstilts.grid.stages import Stages
from xstilts.kinds import EMBEDDING_KINDS, TRIVIAL_BASELINE_KINDS
from xstilts.paths import Paths
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xstilts.config.load import Lines
    from xstilts.config.protocol import ProtocolName
    from xstilts.config.study import Study
    from xstilts.grid.nodes import TargetNode


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table for one seed."""

    base: str
    seed: int
    strategy: str
    stages: tuple[str, ...]
    target: str


@dataclass(frozen=True, eq=False)
class Grid(Stages):
    """All products of a study, by wildcard values; targets, scores and tables are one view's."""

    view: str = ""
    """The study's own, or the name of another view (``grid.views``)."""

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
        return cls.of(study, lines, files_must_exist=files_must_exist)

    @classmethod
    def of(cls, study: Study, lines: Lines, *, files_must_exist: bool = True) -> Grid:
        """Unroll a study and check what it names; its data may be missing for a plan.

        Raises:
            UserError: a name in the study does not resolve, or what it stands for is not there.
        """
        names = parse_names(study, lines, files_must_exist=files_must_exist)
        check_names(study, lines, names)
        grid = cls(study, lines, names)
        check_dev_sets(grid)
        check_parallel(grid)
        return grid

    @cached_property
    def paths(self) -> Paths:
        """Where the products are, the tables of this view among them."""
        return Paths(f"results/{self.study.study}", self.view)

    @cached_property
    def targets(self) -> dict[str, TargetNode]:
        """Targets of this view by name, in the study's order."""
        return self.names.targets_of(self.view)

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the study's views, its own (an empty name) first."""
        return tuple(dict.fromkeys(node.view for node in self.names.all_targets.values()))

    @property
    def protocol(self) -> ProtocolName:
        """By which protocol this view measures: all its targets have the same."""
        return next((node.protocol for node in self.targets.values()), self.study.protocol)

    def in_view(self, view: str) -> Grid:
        """The same models with the targets of another view, and its tables."""
        return replace(self, view=view)

    def headline(self, target: str) -> str:
        """The metric that a target is known by.

        Mining that chooses its threshold on the evaluated set itself is no result on unseen data:
        its metric is another one.
        """
        node = self.names.all_targets[target]
        oracle = PROTOCOLS[node.protocol].mining_threshold == "oracle"
        if node.task.kind == "mining" and (oracle or node.split != "test"):
            return f"{node.task.metric}_oracle"
        return node.task.metric

    def depth(self, target: str) -> float | None:
        """Hidden state of a target's sentence vectors, as a share of the layers.

        That of the protocol, but the last where the target trains a head for them; None for kinds
        that have none.
        """
        node = self.names.all_targets[target]
        if node.task.kind not in EMBEDDING_KINDS:
            return None
        return 1.0 if node.members else PROTOCOLS[node.protocol].depth(node.task.kind)

    def cells(self) -> Iterator[Cell]:
        """All cells of this view, in the order base, seed, strategy, target."""
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
            for chain in self.intermediate_chains
        ]

    def parent(self, base: str, seed: int, chain: str, target: str | None) -> str:
        """Manifest of the model that a stage starts from; of the tokenizer, for pretraining."""
        if target is None and chain == EMPTY_CHAIN:
            return self.paths.tokenizer(base)
        stages = self.stages_of(chain)
        if target is None or self.joined(chain):
            stages = stages[:-1]
        return self.paths.intermediate(base, seed, stages)

    def trained_model(self, base: str, seed: int, chain: str, target: str | None) -> str:
        """Manifest of the model that a stage leaves."""
        stages = self.stages_of(chain)
        if target is None:
            return self.paths.intermediate(base, seed, stages)
        return self.paths.target(base, seed, stages, target)

    def model_of(self, base: str, seed: int, chain: str, target: str) -> str:
        """Manifest of the model that predicts a cell."""
        node = self.names.all_targets[target]
        return self.trained_model(base, seed, chain, node.model if node.members else None)

    def target_models(self) -> list[str]:
        """Manifests of the models that predict, without repetition."""
        return list(
            dict.fromkeys(
                self.model_of(c.base, c.seed, chain_label(c.stages), c.target) for c in self.cells()
            )
        )

    def predicted(self, base: str, seed: int, stages: tuple[str, ...], target: str) -> str:
        """The manifest that says that all languages of a cell are predicted."""
        name = self.names.all_targets[target].predicted_as
        return f"{self.paths.cell('predictions', base, seed, stages, name)}/manifest.json"

    def prediction(
        self, base: str, seed: int, stages: tuple[str, ...], target: str, language: str
    ) -> str:
        """The predictions of one language of a cell; another view's, where they are equal."""
        name = self.names.all_targets[target].predicted_as
        return self.paths.prediction(base, seed, stages, name, language)

    def predictions(self) -> list[str]:
        """All prediction files of this view, and the manifests beside them."""
        files: dict[str, None] = {}
        for c in self.cells():
            cell = (c.base, c.seed, c.stages, c.target)
            files[self.predicted(*cell)] = None
            for language in self.targets[c.target].languages:
                files[self.prediction(*cell, language)] = None
        return list(files)

    def scores(self) -> list[str]:
        """All score files of this view, without repetition."""
        return list(
            dict.fromkeys(
                self.paths.scores(c.base, c.seed, c.stages, c.target) for c in self.cells()
            )
        )

    def of_all_views(self, files: Callable[[Grid], Iterable[str]]) -> list[str]:
        """Files of every view, each once."""
        return list(dict.fromkeys(f for view in self.views for f in files(self.in_view(view))))

    def trivial_baselines(self) -> list[str]:
        """Score files of the trivial baselines, of the study's own targets whose kind has any."""
        return [
            self.paths.trivial_baselines(name)
            for name, node in self.targets.items()
            if node.task.kind in TRIVIAL_BASELINE_KINDS and not node.view
        ]

    def trivial_baseline_members(self, target: str) -> tuple[Member, ...]:
        """The training sets of a target's trivial baselines: those of its own kind."""
        node = self.targets[target]
        return tuple(m for m in node.members if TASKS[m.task].kind == node.task.kind)

    # --- patterns -----------------------------------------------------------------------------

    def patterns(self) -> dict[str, str]:
        """Wildcard constraints: only names of this study match."""
        bases = self.study.bases
        languages: set[str] = set(self.names.coverage.text_languages)
        languages |= {*self.names.coverage.pair_languages, self.study.source_language}
        for target in self.names.all_targets.values():
            languages |= set(target.languages) | {member.language for member in target.members}
        for chain in self.chains.values():
            languages |= {member.language for stage in chain for member in stage.members}
        languages |= {language for text in self.study.text for language in text.languages}
        made = translations.model_made(self.study, self.training_members())
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
            "target": any_of(self.names.all_targets),
            # of tables: nothing for the study's own
            # (Snakemake takes an empty pattern for none)
            "view": "|".join(re.escape(f"{view}/") if view else "(?:)" for view in self.views),
        }


def any_of(names: Iterable[str]) -> str:
    """A regular expression that matches exactly these names; nothing if there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"
