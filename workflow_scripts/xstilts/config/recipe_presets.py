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
    """Training task to its keys, which override ``every``."""

    def recipe(self, task: str | None, trained_on: str | None = None) -> dict[str, Any]:
        """Return the keys of a task, or of a mixture of tasks (None).

        Args:
            task: the task.
            trained_on: task that its target stage trains on, whose keys it shares (XNLI: MultiNLI).
        """
        own = self.tasks.get(task or "") or self.tasks.get(trained_on or "", {})
        return dict(self.every) | dict(own)


# no early stopping: the best of the checkpoints of a whole training
_XTREME_BEST = {
    "batch_size": 32,
    "warmup": 0.0,
    "weight_decay": 0.0,
    "selection": "best",
    "patience": 0,
}
_XTREME_QUESTIONS = {
    "batch_size": 32,
    "epochs": 3.0,
    "weight_decay": 1e-4,
    "max_length": 384,
    "doc_stride": 128,
    "selection": "last",
}
# budget of 125 tokens for the words of a sequence: 128 - 3 for XLM-R, whose script counts a second
# </s>; here it has two special tokens
_XTREME_TAGS = _XTREME_BEST | {"learning_rate": 2e-5, "epochs": 10.0, "max_length": 127}


PRESETS: Mapping[str, Preset] = {
    # the tasks' own recipes are those of jiant's scripts already. Multiple choice:
    # truncate_sequences(..., truncate_end=False) in jiant/tasks/lib/templates/multiple_choice.py
    "jiant-2020": Preset(every={"truncation": "start"}),
    # google-research/xtreme, scripts/train_*.sh for XLM-R large (2 x 16 or 4 x 8 examples a step).
    # truncation: that of transformers, in third_party/run_xcopa.py
    "xtreme-2020": Preset(
        every={"truncation": "end"},
        tasks={
            "mnli": _XTREME_BEST
            | {"learning_rate": 3e-5, "epochs": 5.0, "max_length": 128, "eval_steps": 100},
            "pawsx": _XTREME_BEST
            | {"learning_rate": 2e-5, "epochs": 5.0, "max_length": 128, "eval_steps": 200},
            "panx": _XTREME_TAGS | {"eval_steps": 1000},
            "udpos": _XTREME_TAGS | {"eval_steps": 500},
            # a warm-up of 500 steps; 3 x 87,599 / 32 = 8,212, if each question has one window
            "squad_v1": _XTREME_QUESTIONS | {"learning_rate": 3e-5, "warmup": 0.06},
            # 500 steps are more than the whole training: 3 x 3,696 / 32 = 346, if each question has
            # one window. So the rate rises to 346 / 500 of 3e-5 at the end
            "tydiqa": _XTREME_QUESTIONS | {"learning_rate": 2.1e-5, "warmup": 1.0},
            # else the tasks' own recipes, which are those of train_xcopa.sh
            "social_iqa": {"selection": "last"},
            "copa": {"selection": "last"},
        },
    ),
}
