"""What the names of a study stand for: stages of chains, and targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xstilts.chains import Member
    from xstilts.config.load import KeyPath
    from xstilts.config.protocol import ProtocolName
    from xstilts.config.recipe import RecipeOverrides
    from xstilts.kinds import Split
    from xstilts.tasks.base import Task


@dataclass(frozen=True, kw_only=True, slots=True)
class StageNode:
    """One stage of a chain."""

    label: str
    members: tuple[Member, ...]
    recipe: RecipeOverrides
    with_target: bool = False
    """Whether these are trained on together with the target, in its own stage."""
    key: KeyPath = field(compare=False)
    """Where the study has its mixture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetNode:
    """One column of the table."""

    name: str
    task: Task
    languages: tuple[str, ...]
    split: Split
    members: tuple[Member, ...]
    """What its stage trains on; empty for a target that is evaluated without training."""
    recipe: RecipeOverrides
    protocol: ProtocolName
    view: str = ""
    """Among which other targets it is averaged: the study's own, or a name (``grid.views``)."""
    model: str
    """The target whose models these are."""
    predicted_as: str
    """The target whose predictions these are: its own, unless a view makes the same."""
    key: KeyPath = field(compare=False)
    """Where the study asks for it."""
