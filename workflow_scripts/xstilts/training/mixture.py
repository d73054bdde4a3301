"""The task of each step: exact numbers of steps, in an order that the seed decides."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xstilts.config.recipe import Recipe


def derived_seed(*parts: int | str) -> int:
    """Return a 63-bit seed that depends on all parts and on nothing else."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def sampling_probabilities(sizes: Sequence[int], recipe: Recipe) -> npt.NDArray[np.float64]:
    """Return the probability of each task of the mixture.

    Proportional to min(n, cap) ^ (1/T), the rule of T5 and of jiant's
    ``TemperatureMultiTaskSampler``; T is 1 unless ``sampling: temperature``.
    """
    if recipe.sampling == "uniform":
        weights = np.ones(len(sizes))
    else:
        weights = np.array([_capped(size, recipe) for size in sizes], np.float64)
        if recipe.sampling == "temperature":
            weights **= 1 / recipe.sampling_temperature
    return weights / weights.sum()


def num_steps(sizes: Sequence[int], recipe: Recipe) -> int:
    """Return the number of optimiser steps of a stage.

    With ``epochs``: epochs x sum of ceil(min(n, cap) / batch size) over the tasks, as in jiant's
    configurator.
    """
    if recipe.max_steps:
        return recipe.max_steps
    per_epoch = sum(math.ceil(_capped(size, recipe) / recipe.batch_size) for size in sizes)
    return max(1, round(recipe.epochs * per_epoch))


def task_of_steps(sizes: Mapping[str, int], recipe: Recipe, seed: int) -> npt.NDArray[np.int64]:
    """Return the position in ``sizes`` of the task of each step.

    The number of steps of each task is exact to within one step; only the order is random.
    """
    counts = list(sizes.values())
    steps = num_steps(counts, recipe)
    exact = sampling_probabilities(counts, recipe) * steps
    steps_of_task = np.floor(exact).astype(np.int64)
    # the remaining steps go to the largest remainders, ties to the first task
    order = np.argsort(steps_of_task - exact, kind="stable")
    steps_of_task[order[: steps - int(steps_of_task.sum())]] += 1
    tasks = np.repeat(np.arange(len(counts)), steps_of_task)
    return np.random.default_rng(derived_seed(seed, "tasks")).permutation(tasks)


def steps_within_task(tasks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return, for each step, the number of earlier steps of the same task."""
    found = np.empty_like(tasks)
    for task in np.unique(tasks):
        where = np.flatnonzero(tasks == task)
        found[where] = np.arange(len(where))
    return found


def _capped(size: int, recipe: Recipe) -> int:
    return min(size, recipe.sampling_cap) if recipe.sampling_cap else size
