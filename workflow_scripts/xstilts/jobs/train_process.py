"""Training of a stage in one process, alone or as one of a process group.

This module imports no libraries at the top: a process that only waits for others needs none.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xstilts.tracking import Tracking
from xstilts.training.signals import postpone_stop

if TYPE_CHECKING:
    import torch

    from xstilts.config.recipe import Recipe
    from xstilts.models.heads import HeadSpec
    from xstilts.progress import Progress
    from xstilts.training.process_group import ProcessGroup
    from xstilts.training.runtime import Runtime, TrainResult
    from xstilts.training.selection import Selection


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeSettings:
    """Settings of speed and memory, which do not change the result."""

    max_tokens: int
    """Maximum tokens of a micro-batch, padding included."""
    num_threads: int
    """CPU threads of each process."""
    gradient_checkpointing: bool = False
    """Recompute layers in the backward pass instead of keeping their activations."""
    save_steps: int = 0
    """Steps between additional saves of the training state; 0 for none."""
    processes: int = 1
    """Size of the process group; each process has a GPU of its own if there are any."""
    mode: Literal["ddp", "fsdp"] = "ddp"
    """For several processes: replicas of the model, or shards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSpec:
    """A stage to train: identity, input files, output folder and runtime settings."""

    identity: dict[str, Any]
    """Declared identity of the stage."""
    run_id: str
    """Digest of the full identity: a training state of another identity is not resumed."""
    parent: Path
    """Manifest of the parent model, or of the tokenizer."""
    tokens: tuple[Path, ...]
    """Token manifests of the mixture's training sets, in order."""
    dev: tuple[tuple[Path, Path], ...]
    """(token, data) manifests of the dev sets, in the identity's order."""
    manifest: Path
    """Manifest of the stage, which names its curves."""
    out_dir: Path
    state_dir: Path
    """Folder of the training state."""
    tracking: Tracking
    settings: RuntimeSettings


def train_in_process_group(
    spec: StageSpec, report: Callable[[Progress], None], group: ProcessGroup, device: torch.device
) -> dict[str, Any]:
    """Train a stage as one process of several (``xstilts.training.launch``).

    Args:
        spec: the stage.
        report: receives the progress.
        group: the process group.
        device: device of this process.

    Returns:
        The fields of a ``TrainResult``.
    """
    return dataclasses.asdict(train_here(spec, report, group, str(device)))


def train_here(
    spec: StageSpec, report: Callable[[Progress], None], group: ProcessGroup, device: str
) -> TrainResult:
    """Train a stage in this process, alone or as one of several, and write its curves.

    Args:
        spec: the stage.
        report: receives the progress.
        group: the process group.
        device: device of this process; ``auto`` is the GPU if there is one.

    Raises:
        UserError: an input is damaged, or training diverged.
        Interrupted: stopped by a signal, after saving the state.
    """
    from xstilts.training.runtime import Runtime

    settings = spec.settings
    # all processes have the same curves: one writes them
    tracking = spec.tracking if group.is_main else Tracking()
    runtime = Runtime(
        state_dir=spec.state_dir,
        identity=spec.run_id,
        max_tokens=settings.max_tokens,
        num_threads=settings.num_threads,
        gradient_checkpointing=settings.gradient_checkpointing,
        save_steps=settings.save_steps,
        device=device,
        group=group,
        report=functools.partial(_report, report),
        tracker=tracking.open(spec.manifest, spec.run_id, spec.identity["recipe"]),
    )
    with contextlib.closing(runtime.tracker):
        return _train(spec, runtime)


def _report(report: Callable[[Progress], None], progress: Progress) -> None:
    """Report progress; from the first step on, a model that only has to be written is written."""
    postpone_stop()
    report(progress)


def _train(spec: StageSpec, runtime: Runtime) -> TrainResult:
    """Build the arguments of ``training.loop.train`` from the identity, and train."""
    from xstilts.config.recipe import Recipe
    from xstilts.models.heads import HeadSpec
    from xstilts.tokens.labels import labels_of_members
    from xstilts.training.loop import train
    from xstilts.training.sampler import TrainingSet

    identity = spec.identity
    members = []
    for text, path in zip(identity["mixture"], spec.tokens, strict=True):
        task, _, language = text.partition("@")
        member = TrainingSet(
            task=identity["head_of"][task], language=language, tokens=path.with_suffix(".arrow")
        )
        members.append(member)
    heads = {
        name: HeadSpec(
            kind=head["kind"],
            labels=tuple(head["labels"])
            or labels_of_members([member.tokens for member in members if member.task == name]),
        )
        for name, head in identity["heads"].items()
    }
    recipe = Recipe(**identity["recipe"])
    return train(
        identity.get("architecture") or spec.parent.parent,
        members,
        heads,
        recipe,
        seed=identity["seed"],
        out_dir=spec.out_dir,
        home=spec.out_dir.parent,
        runtime=runtime,
        selection=_selection(spec, heads, recipe, runtime),
    )


def _selection(
    spec: StageSpec, heads: Mapping[str, HeadSpec], recipe: Recipe, runtime: Runtime
) -> Selection | None:
    """Return the model selection of a stage; None to keep the last weights."""
    if not spec.dev:
        return None
    from xstilts.prediction.options import PredictOptions
    from xstilts.training.selection import DevSet, Selection

    dev_sets, identity = [], spec.identity
    for (text, judged), (token_set, data_set) in zip(
        identity["dev"].items(), spec.dev, strict=True
    ):
        task, _, language = text.partition("@")
        dev_set = DevSet(
            task=identity["head_of"][task],
            language=language,
            metric=judged["metric"],
            scorer=judged["scorer"],
            options=PredictOptions(**judged["decoding"]),
            tokens=token_set.with_suffix(".arrow"),
            data=data_set.with_suffix(".parquet"),
        )
        dev_sets.append(dev_set)
    return Selection(dev_sets, heads, recipe, runtime)
