"""Published training recipes as data, which a study selects by ``recipes.preset``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

PresetName = Literal["jiant-2020", "xtreme-2020"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """Keys of recipes that replace those of the task definitions."""

    every: Mapping[str, Any] = field(default_factory=dict)
    """Keys of all stages and tasks."""
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Task to its keys, which override ``every``."""

    def recipe(self, task: str | None) -> dict[str, Any]:
        """Return the keys of a task, or of a mixture of tasks (None)."""
        return dict(self.every) | dict(self.tasks.get(task or "", {}))


PRESETS: Mapping[str, Preset] = {
    # the tasks' own recipes are those of jiant's scripts already. Multiple choice:
    # truncate_sequences(..., truncate_end=False) in jiant/tasks/lib/templates/multiple_choice.py
    "jiant-2020": Preset(every={"truncation": "start"}),
    # transformers' truncation of pairs in third_party/run_xcopa.py
    "xtreme-2020": Preset(every={"truncation": "end"}),
}
