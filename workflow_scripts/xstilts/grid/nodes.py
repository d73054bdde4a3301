"""Resolved stages and targets of a study."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xstilts.config.protocol import PROTOCOLS

if TYPE_CHECKING:
    from xstilts.chains import Member
    from xstilts.config.load import KeyPath
    from xstilts.config.protocol import ProtocolName
    from xstilts.config.recipe import Recipe
    from xstilts.kinds import Split
    from xstilts.tasks.base import Task


@dataclass(frozen=True, kw_only=True, slots=True)
class StageNode:
    """One stage of a chain."""

    label: str
    members: tuple[Member, ...]
    recipe: Recipe
    with_target: bool = False
    """True if these are trained jointly with the target, in the target stage."""
    key_path: KeyPath = field(compare=False)
    """Key path of its mixture in the study file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetNode:
    """One column of the transfer table."""

    name: str
    task: Task
    languages: tuple[str, ...]
    split: Split
    members: tuple[Member, ...]
    """Training sets of its stage; empty for a target that is evaluated without training."""
    recipe: Recipe
    protocol: ProtocolName
    view: str = ""
    """View whose targets it is averaged with; empty for the study's own (``grid.views``)."""
    model: str
    """Name of the target whose models are evaluated."""
    predicted_as: str
    """Name of the target whose predictions are scored; views with equal predictions share them."""
    key_path: KeyPath = field(compare=False)
    """Key path of the target or suite in the study file."""

    @property
    def prefixed(self) -> str:
        """Protocol whose prefixes its sentences have; empty if they have none."""
        wanted = not self.members and self.task.kind in PROTOCOLS[self.protocol].prefixes
        return self.protocol if wanted else ""
