"""Batches of training: the sampler of each task, and the sequences of a step with targets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xstilts.models.head import UnitHead
from xstilts.tokens.batches import Sequences, read_sequences
from xstilts.training.data_map import UNIT
from xstilts.training.masking import mask_tokens
from xstilts.training.mixture import derived_seed
from xstilts.training.sampler import TaskSampler, TrainingSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from xstilts.config.recipe import Recipe
    from xstilts.models.head import BaseHead
    from xstilts.tokens.store import TokenTable


def sampler_of(
    task: str,
    members: Sequence[TrainingSet],
    tables: Sequence[TokenTable],
    head: type[BaseHead],
    recipe: Recipe,
    seed: int,
) -> TaskSampler:
    """Return the sampler of one task of a mixture.

    Args:
        task: name of the task.
        members: all training sets of the mixture.
        tables: their token files, in the same order.
        head: class of the task's head.
        recipe: recipe of the stage.
        seed: seed of the stage.
    """
    kind: type[TaskSampler] = TaskSampler
    if head.pairs:
        from xstilts.training.pairs import PairSampler

        kind = PairSampler
    own = [index for index, member in enumerate(members) if member.task == task]
    return kind(
        task=task,
        members=[members[index] for index in own],
        tables=[tables[index] for index in own],
        batch_size=recipe.batch_size,
        seed=seed,
        max_examples=recipe.max_train_examples,
        sorted_batches=recipe.sorted_batches,
        whole_examples=head.whole_examples,
    )


def sequences_of(
    sampler: TaskSampler,
    head: BaseHead,
    batch: npt.NDArray[Any],
    recipe: Recipe,
    seed: int,
    step: int,
) -> Sequences:
    """Return the sequences of a step before padding, with the targets of the head's loss.

    For masked language modelling, tokens are masked anew at each step. For heads with a loss per
    unit, each sequence carries the index of its unit.

    Args:
        sampler: sampler of the step's task.
        head: head of the task.
        batch: the units of the step, from ``sampler.batch``.
        recipe: recipe of the stage.
        seed: seed of the stage.
        step: number of the step.
    """
    chosen = sampler.sequences(batch)
    if head.predicts_tokens:
        found = read_sequences(sampler.tables, chosen)
        ids, labels = mask_tokens(
            found.lists["input_ids"],
            sampler.tables[0].metadata,
            recipe.mlm_probability,
            derived_seed(seed, "mask", step),
        )
        return replace(found, lists={**found.lists, "input_ids": ids, "labels": labels})
    found = read_sequences(
        sampler.tables, chosen, head.scalar_targets, head.list_targets, sampler.per_unit
    )
    if not isinstance(head, UnitHead):
        return found
    units = np.repeat(batch, sampler.per_unit)
    return replace(found, scalars={**found.scalars, UNIT: units})
