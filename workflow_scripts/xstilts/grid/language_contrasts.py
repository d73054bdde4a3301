"""Strategies, and targets, that differ only in the language of their training data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xstilts.chains import translation_language

if TYPE_CHECKING:
    from xstilts.chains import Member
    from xstilts.grid.grid import Grid


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageContrast:
    """Training sets of one task in several languages, at one position of the chain."""

    position: Literal["intermediate", "target"]
    task: str
    """Training task, by its name in the source language."""
    target: str
    """Evaluated target, or the task of several targets."""
    control: str
    """Language that the others are compared with: the source language if present."""
    members: dict[str, tuple[str, str]]
    """Language to the strategy and target that train on it."""


def language_contrasts(grid: Grid) -> list[LanguageContrast]:
    """Return all contrasts of a study: intermediate stages (per target), then target stages."""
    intermediate: dict[str, dict[str, str]] = {}
    for strategy, stages in grid.names.strategies.items():
        if len(stages) == 1 and len(stages[0].members) == 1 and not stages[0].with_target:
            (member,) = stages[0].members
            intermediate.setdefault(_origin(grid, member), {})[_language(member)] = strategy
    found = [
        _language_contrasts(
            grid,
            "intermediate",
            task,
            node.model,
            {code: (strategy, node.model) for code, strategy in by_language.items()},
        )
        for task, by_language in intermediate.items()
        for node in grid.targets.values()
        if len(by_language) > 1
    ]
    own: dict[tuple[str, str, str], dict[str, tuple[str, str]]] = {}
    for node in grid.targets.values():
        if len(node.members) == 1:
            (member,) = node.members
            by_language = own.setdefault((node.task.name, node.split, _origin(grid, member)), {})
            by_language[_language(member)] = (grid.study.baseline, node.model)
    return found + [
        _language_contrasts(grid, "target", trained, evaluated, members)
        for (evaluated, _, trained), members in own.items()
        if len(members) > 1
    ]


def _language_contrasts(
    grid: Grid,
    position: Literal["intermediate", "target"],
    task: str,
    target: str,
    members: dict[str, tuple[str, str]],
) -> LanguageContrast:
    source = grid.study.source_language
    control = source if source in members else next(iter(members))
    return LanguageContrast(
        position=position, task=task, target=target, control=control, members=members
    )


def _origin(grid: Grid, member: Member) -> str:
    """Return the task of a training set in the source language: ``mnli`` for ``xnli@de``."""
    return grid.study.known_tasks[member.task].train or member.task


def _language(member: Member) -> str:
    return translation_language(member.language) or member.language
