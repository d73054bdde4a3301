"""The prefix tree of a study's stages: what each is trained on, and by which recipe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xstilts.chains import EMPTY_CHAIN, STAGE_JOINER, Member, chain_label, translation_language
from xstilts.grid.recipes import Position, stage_recipe, stage_runtime
from xstilts.grid.sources import TextFiles, text_entries, text_files
from xstilts.paths import Paths
from xstilts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xstilts.config.load import Lines
    from xstilts.config.recipe import Recipe
    from xstilts.config.study import Study
    from xstilts.grid.names import Names
    from xstilts.grid.nodes import StageNode


@dataclass(frozen=True, eq=False)
class Stages:
    """All stages of a study, by base model, chain and target."""

    study: Study
    lines: Lines
    """Where each of its keys is."""
    names: Names
    """What its names stand for."""

    @cached_property
    def paths(self) -> Paths:
        """Where its products are."""
        return Paths(f"results/{self.study.study}")

    @cached_property
    def chains(self) -> dict[str, tuple[StageNode, ...]]:
        """Every chain and every prefix of one, by its label; a shared prefix stands once."""
        found: dict[str, tuple[StageNode, ...]] = {EMPTY_CHAIN: ()}
        for stages in self.names.strategies.values():
            for length in range(1, len(stages) + 1):
                prefix = stages[:length]
                found[chain_label(tuple(stage.label for stage in prefix))] = prefix
        return found

    def joined(self, chain: str) -> StageNode | None:
        """The last stage of a chain, if the target's own stage trains on it as well."""
        stages = self.chains[chain]
        return stages[-1] if stages and stages[-1].with_target else None

    @cached_property
    def intermediate_chains(self) -> tuple[str, ...]:
        """Chains after which there is a model.

        Of a stage that is joined with the target there is one only where a target has nothing to
        train on: what is left of the mixture is then a stage of its own.
        """
        untrained = any(not node.members for node in self.names.targets_of("").values())
        return tuple(
            chain
            for chain in self.chains
            if chain != EMPTY_CHAIN and (untrained or not self.joined(chain))
        )

    def stages_of(self, chain: str) -> tuple[str, ...]:
        """Stage labels of a chain label."""
        return () if chain == EMPTY_CHAIN else tuple(chain.split(STAGE_JOINER))

    def text_members(self, base: str) -> tuple[Member, ...]:
        """What a base model that is built here is pretrained on."""
        pretrain = self.study.bases[base].pretrain
        members = [Member("mlm", language) for language in self.names.coverage.text_languages]
        if pretrain and pretrain.tlm:
            members += [Member("tlm", language) for language in self.names.coverage.pair_languages]
        return tuple(members)

    def members(self, base: str, chain: str, target: str | None) -> tuple[Member, ...]:
        """Training sets of the last stage of a model."""
        if target is not None:
            joined = self.joined(chain)
            more = joined.members if joined else ()
            return tuple(dict.fromkeys((*self.names.all_targets[target].members, *more)))
        if chain == EMPTY_CHAIN:
            return self.text_members(base)
        return self.chains[chain][-1].members

    def recipe(self, base: str, chain: str, target: str | None) -> dict[str, Any]:
        """The full recipe of the last stage of a model."""
        return stage_recipe(self.study, *self._levels(base, chain, target))

    def runtime(self, base: str, chain: str, target: str | None) -> dict[str, int]:
        """What the recipe says of how that stage is run, which does not change its result."""
        return stage_runtime(self.study, *self._levels(base, chain, target))

    def _levels(
        self, base: str, chain: str, target: str | None
    ) -> tuple[Position, tuple[Member, ...], tuple[Recipe, ...]]:
        """Position, training sets and narrower recipes of the last stage of a model."""
        members, of_base = self.members(base, chain, target), self.study.bases[base].recipe
        if target is not None:
            joined = self.joined(chain)
            own = (self.names.all_targets[target].recipe, *([joined.recipe] if joined else []))
            return "target", members, (of_base, *own)
        if chain != EMPTY_CHAIN:
            return "intermediate", members, (of_base, self.chains[chain][-1].recipe)
        pretrain = self.study.bases[base].pretrain
        assert pretrain is not None, base
        return "pretrain", members, (pretrain.recipe,)

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

    @cached_property
    def strategy_chains(self) -> tuple[str, ...]:
        """Chains after which targets are trained, without those that are only on the way."""
        labels = (tuple(node.label for node in nodes) for nodes in self.names.strategies.values())
        return tuple(dict.fromkeys(chain_label(stages) for stages in labels))

    def trained(self) -> Iterator[tuple[str, str | None]]:
        """(chain, target) of everything that is trained on each base, after its pretraining."""
        yield from ((chain, None) for chain in self.intermediate_chains)
        for target, node in self.names.targets_of("").items():
            yield from ((chain, target) for chain in self.strategy_chains if node.members)

    def trained_with_base(self, base: str) -> Iterator[tuple[str, str | None]]:
        """The same, and the pretraining of a base that is built here before all else."""
        if self.study.bases[base].pretrain:
            yield EMPTY_CHAIN, None
        yield from self.trained()

    def selecting_members(self) -> list[Member]:
        """Training sets of which any stage uses the dev set, without repetition."""
        found = {
            member: None
            for base in self.study.bases
            for stage in self.trained()
            for member in self.dev_members(base, *stage)
        }
        return list(found)

    def selection_data(self) -> list[str]:
        """Manifests of all dev sets that weights are selected on."""
        return [
            self.paths.data(member.task, member.language, "validation")
            for member in self.selecting_members()
        ]

    def training_members(self) -> list[Member]:
        """All training sets, pretraining text included, without repetition."""
        members: dict[Member, None] = {}
        for base, settings in self.study.bases.items():
            if settings.pretrain:
                members |= dict.fromkeys(self.text_members(base))
        for chain in self.chains.values():
            for stage in chain:
                members |= dict.fromkeys(stage.members)
        for target in self.names.targets_of("").values():
            members |= dict.fromkeys(target.members)
        return list(members)

    def training_data(self) -> list[str]:
        """Manifests of all training sets, pretraining text included."""
        return [self.paths.data(m.task, m.language, "train") for m in self.training_members()]

    def evaluation_data(self) -> list[str]:
        """Manifests of all evaluated sets, those of all views."""
        found = {
            self.paths.data(target.task.name, language, target.split): None
            for target in self.names.all_targets.values()
            for language in target.languages
        }
        return list(found)

    def text_sources(self, task: str, language: str) -> list[str | TextFiles]:
        """What the text of (mlm | tlm, language) is taken from: data manifests, or files."""
        wanted = sorted({language, *([] if task == "mlm" else [self.study.source_language])})
        sources: list[str | TextFiles] = []
        for text in text_entries(self.study, task, language):
            found: list[str | TextFiles] = (
                [text_files(self.study, text, language)] if text.files else []
            )
            if text.task:
                found += [self.paths.data(text.task, code, text.split) for code in wanted]
            sources += [item for item in found if item not in sources]
        return sources
