"""The prefix tree of a study's stages: training sets and recipe of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xstilts.chains import EMPTY_CHAIN, Member, chain_label, translation_language
from xstilts.grid.recipes import Position, stage_recipe, stage_runtime
from xstilts.grid.sources import TextFiles, text_entries, text_files
from xstilts.paths import Paths

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
    """File and line of each key."""
    names: Names
    """The resolved names."""

    @cached_property
    def paths(self) -> Paths:
        """Paths of its products."""
        return Paths(f"results/{self.study.study}")

    @cached_property
    def chains(self) -> dict[str, tuple[StageNode, ...]]:
        """All chains and their prefixes by label; shared prefixes occur once."""
        found: dict[str, tuple[StageNode, ...]] = {EMPTY_CHAIN: ()}
        for stages in self.names.strategies.values():
            for length in range(1, len(stages) + 1):
                prefix = stages[:length]
                found[chain_label(tuple(stage.label for stage in prefix))] = prefix
        return found

    def joined(self, chain: str) -> StageNode | None:
        """Return the last stage of a chain if it is trained jointly with the target."""
        stages = self.chains[chain]
        return stages[-1] if stages and stages[-1].with_target else None

    @cached_property
    def intermediate_chains(self) -> tuple[str, ...]:
        """Chains that end in an intermediate model.

        A stage that is joint with the target has one only if a target has no training data: the
        rest of the mixture is then trained as a separate stage.
        """
        untrained = any(not node.members for node in self.names.targets_of("").values())
        return tuple(
            chain
            for chain in self.chains
            if chain != EMPTY_CHAIN and (untrained or not self.joined(chain))
        )

    def stages_of(self, chain: str) -> tuple[str, ...]:
        """Return the stage labels of a chain."""
        return tuple(node.label for node in self.chains[chain])

    def text_members(self, base: str) -> tuple[Member, ...]:
        """Return the training sets of a base model's pretraining."""
        pretrain = self.study.bases[base].pretrain
        members = [Member("mlm", language) for language in self.names.coverage.text_languages]
        if pretrain and pretrain.tlm:
            members += [Member("tlm", language) for language in self.names.coverage.pair_languages]
        return tuple(members)

    def members(self, base: str, chain: str, target: str | None) -> tuple[Member, ...]:
        """Return the training sets of a model's last stage."""
        if target is not None:
            joined = self.joined(chain)
            more = joined.members if joined else ()
            return tuple(dict.fromkeys((*self.names.all_targets[target].members, *more)))
        if chain == EMPTY_CHAIN:
            return self.text_members(base)
        return self.chains[chain][-1].members

    def recipe(self, base: str, chain: str, target: str | None) -> dict[str, Any]:
        """Return the full recipe of a model's last stage."""
        return stage_recipe(self.study, *self._levels(base, chain, target))

    def runtime(self, base: str, chain: str, target: str | None) -> dict[str, int]:
        """Return the runtime settings of a model's last stage."""
        return stage_runtime(self.study, *self._levels(base, chain, target))

    def _levels(
        self, base: str, chain: str, target: str | None
    ) -> tuple[Position, tuple[Member, ...], tuple[Recipe, ...]]:
        """Return position, training sets and narrower recipes of a model's last stage."""
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
        """Return the training sets on whose dev sets a model's weights are selected.

        Translated training sets have no dev set and use that of the source language.
        """
        if self.recipe(base, chain, target)["selection"] == "last":
            return ()
        members = [
            Member(member.task, self.study.source_language)
            if translation_language(member.language)
            else member
            for member in self.members(base, chain, target)
            if self.study.known_tasks[member.task].kind != "mlm"
        ]
        return tuple(dict.fromkeys(members))

    @cached_property
    def strategy_chains(self) -> tuple[str, ...]:
        """Chains of strategies, after which targets are trained; without mere prefixes."""
        labels = (tuple(node.label for node in nodes) for nodes in self.names.strategies.values())
        return tuple(dict.fromkeys(chain_label(stages) for stages in labels))

    @cached_property
    def keeps_adapters(self) -> bool:
        """True if any stage writes its adapters alone, so that predictions load them."""
        found = (
            self.recipe(base, *stage).get("lora")
            for base in self.study.bases
            for stage in self.trained()
        )
        return any(not lora["merge"] for lora in found if lora)

    def trained(self) -> Iterator[tuple[str, str | None]]:
        """Yield (chain, target) of all stages of each base after its pretraining."""
        yield from ((chain, None) for chain in self.intermediate_chains)
        for target, node in self.names.targets_of("").items():
            yield from ((chain, target) for chain in self.strategy_chains if node.members)

    def trained_with_base(self, base: str) -> Iterator[tuple[str, str | None]]:
        """Yield (chain, target) of all stages of a base, its pretraining first if it has one."""
        if self.study.bases[base].pretrain:
            yield EMPTY_CHAIN, None
        yield from self.trained()

    def selecting_members(self) -> list[Member]:
        """Return the training sets whose dev sets any stage uses, without duplicates."""
        found = {
            member: None
            for base in self.study.bases
            for stage in self.trained()
            for member in self.dev_members(base, *stage)
        }
        return list(found)

    def selection_data(self) -> list[str]:
        """Return the manifests of all dev sets on which weights are selected."""
        return [
            self.paths.data(member.task, member.language, "validation")
            for member in self.selecting_members()
        ]

    def training_members(self) -> list[Member]:
        """Return all training sets, pretraining text included, without duplicates."""
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
        """Return the manifests of all training sets, pretraining text included."""
        return [self.paths.data(m.task, m.language, "train") for m in self.training_members()]

    def evaluation_data(self) -> list[str]:
        """Return the manifests of all evaluation sets of all views."""
        found = {
            self.paths.data(target.task.name, language, target.split): None
            for target in self.names.all_targets.values()
            for language in target.languages
        }
        return list(found)

    def text_sources(self, task: str, language: str) -> list[str | TextFiles]:
        """Return the sources of text for mlm or tlm in a language: data manifests, or files."""
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
