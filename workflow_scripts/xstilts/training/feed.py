"""What a step is trained on: the sequences of its batch with their targets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xstilts.models.head import UnitHead
from xstilts.training.batches import Sequences, gather
from xstilts.training.data_map import UNIT
from xstilts.training.masking import mask_pieces
from xstilts.training.mixture import derived_seed

if TYPE_CHECKING:
    import numpy.typing as npt

    from xstilts.config.recipe import Recipe
    from xstilts.models.head import BaseHead
    from xstilts.training.sampler import TaskSampler


def sequences_of(
    sampler: TaskSampler,
    head: BaseHead,
    batch: npt.NDArray[Any],
    recipe: Recipe,
    seed: int,
    step: int,
) -> Sequences:
    """The sequences of a step before padding, with what the head's loss needs.

    For masked language modelling pieces are hidden anew at each step. Where units have losses of
    their own, each sequence says which unit it is of.

    Args:
        sampler: of the step's task.
        head: of the task.
        batch: the units of the step, from ``sampler.batch``.
        recipe: of the stage.
        seed: of the stage.
        step: number of the step.
    """
    places = sampler.places(batch)
    if head.predicts_pieces:
        found = gather(sampler.tables, places)
        ids, labels = mask_pieces(
            found.lists["input_ids"],
            sampler.tables[0].metadata,
            recipe.mlm_probability,
            derived_seed(seed, "mask", step),
        )
        return replace(found, lists={**found.lists, "input_ids": ids, "labels": labels})
    found = gather(sampler.tables, places, head.scalar_targets, head.list_targets, sampler.per_unit)
    if not isinstance(head, UnitHead):
        return found
    units = np.repeat(batch, sampler.per_unit)
    return replace(found, scalars={**found.scalars, UNIT: units})
