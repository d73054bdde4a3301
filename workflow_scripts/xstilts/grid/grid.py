"""The grid of a study: its models as a prefix tree of stages, its cells, and their inputs.

Rules get input files and parameters from this class by wildcards; its only state is the study.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xstilts.chains import (
    EMPTY_CHAIN,
    Member,
    chain_label,
    chain_text,
)
from xstilts.config import load_study
from xstilts.config.protocol import PROTOCOLS
from xstilts.errors import Problems, unreadable
from xstilts.features import names_of
from xstilts.grid import contamination, translations
from xstilts.grid.check_own_tasks import check_own_tasks
from xstilts.grid.checks import check_dev_sets, check_names, check_source
from xstilts.grid.gaps import Gaps, find_gaps
from xstilts.grid.names import parse_names
from xstilts.grid.path_names import check_path_names
from xstilts.grid.processes import check_parallel
from xstilts.grid.stages import Stages
from xstilts.kinds import EMBEDDING_KINDS
from xstilts.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xstilts.config.load import Lines
    from xstilts.config.protocol import ProtocolName
    from xstilts.config.study import Study
    from xstilts.grid.nodes import TargetNode
    from xstilts.layers import Depth


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the transfer table, for one seed."""

    base: str
    seed: int
    strategy: str
    stages: tuple[str, ...]
    target: str


@dataclass(frozen=True, eq=False)
class Grid(Stages):
    """All products of a study by wildcards; targets, scores and tables are those of one view."""

    view: str = ""
    """Empty for the study's own view, or the name of another view (``grid.views``)."""
    gaps: Gaps = field(default_factory=Gaps)
    """What is left out of the study because its data cannot be had."""

    @classmethod
    def load(
        cls,
        config: Mapping[str, Any] | None,
        files: Iterable[str | Path],
        *,
        overrides: Mapping[str, Any] = MappingProxyType({}),
        files_must_exist: bool = True,
    ) -> Grid:
        """Return the grid of a merged configuration; None merges the files and the overrides."""
        study, lines = load_study(config, [Path(file) for file in files], overrides)
        return cls.of(study, lines, files_must_exist=files_must_exist)

    @classmethod
    def of(cls, study: Study, lines: Lines, *, files_must_exist: bool = True) -> Grid:
        """Expand a study and check everything it names; data may be missing for a plan.

        Raises:
            UserError: a name in the study is unknown, or its data or files do not exist.
        """
        problems = Problems()
        try:
            check_own_tasks(study, lines)
            names, gaps = parse_names(study, lines, files_must_exist=files_must_exist), Gaps()
            check_source(study, lines, names)
            if study.when_missing == "skip" and study.source != "microworld":
                selecting = Stages(study, lines, names).selecting_members()
                gaps = find_gaps(study, lines, names, selecting)
            if gaps:
                study = gaps.study(study)
                names = gaps.names(parse_names(study, lines, files_must_exist=files_must_exist))
            with problems.noted():
                check_names(study, lines, names)
            grid = cls(study, lines, names, gaps=gaps)
            with problems.noted():
                check_path_names(grid)
                check_dev_sets(grid)
        except OSError as error:
            raise unreadable(error) from None
        problems.raise_all()
        check_parallel(grid)
        return grid

    @cached_property
    def paths(self) -> Paths:
        """Paths of the products, with the tables of this view."""
        return Paths(f"results/{self.study.study}", self.view)

    @cached_property
    def targets(self) -> dict[str, TargetNode]:
        """Targets of this view by name, in the study's order."""
        return self.names.targets_of(self.view)

    @cached_property
    def whole(self) -> Grid:
        """The grid of the study with what is left out of it."""
        if self.gaps.wanted is None:
            return self
        names = self.gaps.wanted
        return replace(self, study=names.coverage.study, names=names, gaps=Gaps())

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the study's views, its own (an empty name) first."""
        return tuple(dict.fromkeys(node.view for node in self.names.all_targets.values()))

    @property
    def protocol(self) -> ProtocolName:
        """Protocol of this view, the same for all its targets."""
        return next((node.protocol for node in self.targets.values()), self.study.protocol)

    def in_view(self, view: str) -> Grid:
        """Return the grid of another view: same models, its own targets and tables."""
        if view not in self._in_views:
            self._in_views[view] = replace(self, view=view)
        return self._in_views[view]

    @cached_property
    def _in_views(self) -> dict[str, Grid]:
        """Grids of views that were asked for, which keep what they have derived."""
        return {}

    def headline(self, target: str) -> str:
        """Return the headline metric of a target.

        Mining with a threshold tuned on the evaluated set is not a result on unseen data and has a
        separate metric.
        """
        node = self.names.all_targets[target]
        oracle = PROTOCOLS[node.protocol].mining_threshold == "oracle"
        if node.task.kind == "mining" and (oracle or node.split != "test"):
            return f"{node.task.metric}_oracle"
        return node.task.metric

    def depth(self, target: str) -> Depth | None:
        """Return the hidden state of a target's sentence vectors.

        The protocol's, or the last if the target trains a head; None for kinds without sentence
        vectors.
        """
        node = self.names.all_targets[target]
        if node.task.kind not in EMBEDDING_KINDS:
            return None
        return 1.0 if node.members else PROTOCOLS[node.protocol].depth(node.task.kind)

    def cells(self) -> Iterator[Cell]:
        """Yield all cells of this view, in the order base, seed, strategy, target."""
        for base in self.study.bases:
            for seed in self.study.seeds:
                for strategy, nodes in self.names.strategies.items():
                    stages = tuple(node.label for node in nodes)
                    for target in self.targets:
                        yield Cell(base, seed, strategy, stages, target)

    def strategy_text(self, strategy: str, target: str | None = None) -> str:
        """Return the chain of a strategy as text; a mixture that lost members says so."""
        nodes = self.names.strategies[strategy]
        return chain_text(tuple(map(self.gaps.label, nodes)), target)

    # --- files --------------------------------------------------------------------------------

    def intermediate_models(self) -> list[str]:
        """Return the manifests of all intermediate models, prefixes included."""
        return [
            self.paths.intermediate(base, seed, self.stages_of(chain))
            for base in self.study.bases
            for seed in self.study.seeds
            for chain in self.intermediate_chains
        ]

    def parent(self, base: str, seed: int, chain: str, target: str | None) -> str:
        """Return the manifest of a stage's parent model; for pretraining, of the tokenizer."""
        if target is None and chain == EMPTY_CHAIN:
            return self.paths.tokenizer(base)
        stages = self.stages_of(chain)
        if target is None or self.joined(chain):
            stages = stages[:-1]
        return self.paths.intermediate(base, seed, stages)

    def trained_model(self, base: str, seed: int, chain: str, target: str | None) -> str:
        """Return the manifest of the model that a stage trains."""
        stages = self.stages_of(chain)
        if target is None:
            return self.paths.intermediate(base, seed, stages)
        return self.paths.target(base, seed, stages, target)

    def model_of(self, base: str, seed: int, chain: str, target: str) -> str:
        """Return the manifest of the model that predicts a cell."""
        node = self.names.all_targets[target]
        return self.trained_model(base, seed, chain, node.model if node.members else None)

    def target_models(self) -> list[str]:
        """Return the manifests of all predicting models, without duplicates."""
        return list(
            dict.fromkeys(
                self.model_of(c.base, c.seed, chain_label(c.stages), c.target) for c in self.cells()
            )
        )

    def predicted(self, base: str, seed: int, stages: tuple[str, ...], target: str) -> str:
        """Return the manifest of a cell's predictions, written after all languages."""
        name = self.names.all_targets[target].predicted_as
        return f"{self.paths.cell('predictions', base, seed, stages, name)}/manifest.json"

    def prediction(
        self, base: str, seed: int, stages: tuple[str, ...], target: str, language: str
    ) -> str:
        """Return the predictions of a cell in one language, shared with views that are equal."""
        name = self.names.all_targets[target].predicted_as
        return self.paths.prediction(base, seed, stages, name, language)

    def predictions(self) -> list[str]:
        """Return all prediction files of this view with their manifests."""
        files: dict[str, None] = {}
        for c in self.cells():
            cell = (c.base, c.seed, c.stages, c.target)
            files[self.predicted(*cell)] = None
            for language in self.targets[c.target].languages:
                files[self.prediction(*cell, language)] = None
        return list(files)

    def tokens(self, base: str, node: TargetNode, language: str) -> str:
        """Return the manifest of the tokens of a target's evaluation set."""
        return self.paths.tokens(base, node.task.name, language, node.split, node.prefixed)

    def scores(self) -> list[str]:
        """Return all score files of this view, without duplicates."""
        return list(
            dict.fromkeys(
                self.paths.scores(c.base, c.seed, c.stages, c.target) for c in self.cells()
            )
        )

    def of_all_views(self, files: Callable[[Grid], Iterable[str]]) -> list[str]:
        """Return the files of all views, without duplicates."""
        return list(dict.fromkeys(f for view in self.views for f in files(self.in_view(view))))

    def trivial_baselines(self) -> list[str]:
        """Return the score files of trivial baselines, for targets whose kind has any."""
        return [
            self.paths.trivial_baselines(name)
            for name, node in self.targets.items()
            if node.task.kind in names_of("trivial_baselines") and not node.view
        ]

    def trivial_baseline_members(self, target: str) -> tuple[Member, ...]:
        """Return the training sets of a target's trivial baselines: those of its kind."""
        node = self.targets[target]
        return tuple(
            m for m in node.members if self.study.known_tasks[m.task].kind == node.task.kind
        )

    def contaminated(self) -> dict[contamination.Mark, str]:
        """Return the cells of this view whose evaluated text was trained on, with its corpus."""
        return contamination.marks(self.study, self.names, self.view)

    # --- patterns -----------------------------------------------------------------------------

    def patterns(self) -> dict[str, str]:
        """Return the wildcard constraints, which match only names of this study."""
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
            "pretrained_base": any_of(name for name, base in bases.items() if base.pretrain),
            "imported_base": any_of(name for name, base in bases.items() if not base.pretrain),
            "seed": any_of(map(str, self.study.seeds)),
            "chain": any_of(self.chains),
            "task": any_of(self.study.known_tasks),
            "translated_task": any_of(sorted({member.task for member in made})),
            "translated": any_of(sorted({member.language for member in made})),
            "language": any_of(languages),
            "split": "train|validation|test",
            # end of the names of tokens with prefixes
            "prefixed": optional(
                f"-{node.prefixed}" if node.prefixed else ""
                for node in self.names.all_targets.values()
            ),
            "target": any_of(self.names.all_targets),
            # start of table names, empty for the study's own view
            "view": optional(f"{view}/" if view else "" for view in self.views),
        }


def any_of(names: Iterable[str]) -> str:
    """Return a regular expression that matches exactly these names; nothing if empty."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def optional(names: Iterable[str]) -> str:
    """Return a regular expression that matches exactly these names and the empty one."""
    # Snakemake treats an empty pattern as no constraint
    found = dict.fromkeys(["", *names])
    return "|".join(re.escape(name) if name else "(?:)" for name in found)
