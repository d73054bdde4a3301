"""A whole stage of the toy world, for tests of training and later jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine_world import ARCHITECTURE, labels_of, make_tokens, recipe, runtime

from xstilts.models.heads import HeadSpec
from xstilts.training.loop import train
from xstilts.training.sampler import TrainingSet
from xstilts.training.selection import DevSet, Selection

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.training.runtime import TrainResult

METRICS = {
    "classification": "accuracy",
    "tagging": "f1",
    "span": "mean_em_f1",
    "multiple_choice": "accuracy",
}


def stage(
    folder: Path,
    kinds: tuple[str, ...] = ("classification",),
    *,
    start: Any = ARCHITECTURE,
    out: str = "model",
    run: dict[str, Any] | None = None,
    count: int = 64,
    dev: int = 0,
    **changes: Any,
) -> TrainResult:
    """Train a toy stage on the given kinds into ``folder/out``.

    Args:
        folder: gets data, tokens and the model.
        kinds: of the tasks, a training set each.
        start: the parent's folder, or an architecture.
        out: folder of the model in ``folder``.
        run: changes of how it is run.
        count: examples of each training set.
        dev: examples of each dev set to select weights on; 0 keeps the last weights.
        changes: of the recipe.
    """
    members, dev_sets, heads = [], [], {}
    for kind in kinds:
        tokens = make_tokens(folder, kind, count)[1]
        members.append(TrainingSet(task=kind, language="en", tokens=tokens))
        heads[kind] = HeadSpec(kind=kind, labels=labels_of(kind))
        if dev:
            data, tokens = make_tokens(folder, kind, dev, seed=7)
            metric = METRICS[kind]
            dev_sets.append(
                DevSet(task=kind, language="en", metric=metric, tokens=tokens, data=data)
            )
    plan, how = recipe(**changes), runtime(folder, **(run or {}))
    return train(
        start,
        members,
        heads,
        plan,
        seed=1,
        out_dir=folder / out,
        runtime=how,
        selection=Selection(dev_sets, heads, plan, how) if dev else None,
    )
