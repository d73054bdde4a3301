"""Throughput of a device, fitted to finished jobs, and the error of the fit on held-out jobs.

The time of a job is ``fixed + units * per_unit + operations / rate``: a cost per job, a cost per
optimiser step (or predicted file) independent of its size, and the arithmetic. The three numbers
minimise the squared log(predicted / measured), so that relative errors count the same for short and
long jobs, with a loss that is robust to outliers.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xstilts.plan.history import Finished, Kind
    from xstilts.plan.work import Work

ENOUGH_FOR_UNITS, ENOUGH_FOR_ALL = 4, 6
"""Minimum number of jobs to fit ``per_unit``, and also ``fixed``; zero below."""
ENOUGH_TO_CHECK = 3
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Throughput:
    """Throughput of a device for one kind of work and precision."""

    rate: float
    """Operations per second."""
    per_unit: float = 0.0
    """Seconds per optimiser step or predicted file."""
    fixed: float = 0.0
    """Seconds per job."""
    jobs: int = 0
    """Number of finished jobs in the fit; 0 for an assumed fraction of the peak."""

    def seconds(self, work: Work) -> float:
        """Return the predicted seconds of a job."""
        return self.fixed + self.per_unit * work.units + work.flops / self.rate


def fit(jobs: Sequence[Finished]) -> Throughput:
    """Fit the throughput of jobs of one kind on one device.

    Args:
        jobs: finished jobs, at least one.
    """
    rate = statistics.median(job.work.flops / job.seconds for job in jobs)
    if len(jobs) < ENOUGH_FOR_UNITS:
        return Throughput(rate, jobs=len(jobs))
    import numpy as np
    from scipy.optimize import least_squares

    seconds = np.array([job.seconds for job in jobs])
    columns = [[job.work.flops for job in jobs], [job.work.units for job in jobs]]
    start = [1 / rate, 0.1 * statistics.median(job.seconds / job.work.units for job in jobs)]
    if len(jobs) >= ENOUGH_FOR_ALL:
        columns.append([1.0] * len(jobs))
        start.append(0.1 * float(seconds.min()))
    design = np.array(columns).T

    def residuals(logs: np.ndarray[tuple[int], np.dtype[np.float64]]) -> object:
        return np.log(design @ np.exp(logs)) - np.log(seconds)

    # logarithms keep all numbers positive; unneeded ones approach zero
    low = np.log(start) - 25
    found = least_squares(
        residuals, np.log(start), bounds=(low, np.log(start) + 25), loss="soft_l1", f_scale=0.1,
        xtol=1e-14, ftol=1e-14, gtol=1e-14,
    )  # fmt: skip
    slope, per_unit, *rest = (float(value) for value in np.exp(found.x))
    return Throughput(1 / slope, per_unit, rest[0] if rest else 0.0, len(jobs))


Key = tuple[str, str, "Kind"]
"""Device, precision, kind."""


def groups(jobs: Sequence[Finished]) -> dict[Key, list[Finished]]:
    """Group jobs that are fitted together, without those too short to be measured."""
    found: dict[Key, list[Finished]] = {}
    for job in jobs:
        if job.seconds > 0 and job.work.flops > 0:
            found.setdefault((job.device, job.precision, job.kind), []).append(job)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Predicted and measured times of held-out jobs."""

    rows: tuple[tuple[Finished, float], ...]
    """Job and predicted seconds."""
    how: str
    """Description of the held-out jobs."""

    @property
    def error(self) -> float:
        """Median absolute percentage error."""
        return 100 * statistics.median(abs(p / job.seconds - 1) for job, p in self.rows)

    @property
    def total_ratio(self) -> float:
        """Ratio of predicted to measured time, summed over all jobs."""
        return sum(p for _, p in self.rows) / sum(job.seconds for job, _ in self.rows)

    @property
    def worst_factor(self) -> float:
        """Largest factor between predicted and measured time, in either direction."""
        return max(math.exp(abs(math.log(p / job.seconds))) for job, p in self.rows)


def check(jobs: Sequence[Finished]) -> Check | None:
    """Cross-validate one group of jobs, by study, or in five folds of a single study.

    Returns:
        None for fewer than three jobs.
    """
    if len(jobs) < ENOUGH_TO_CHECK:
        return None
    studies = sorted({job.study for job in jobs})
    if len(studies) > 1:
        folds = {id(job): studies.index(job.study) for job in jobs}
        how = f"each of {len(studies)} studies predicted from the others"
    else:
        folds = {id(job): index % min(FOLDS, len(jobs)) for index, job in enumerate(jobs)}
        how = f"parts of one study, {min(FOLDS, len(jobs))} in turn, predicted from the rest"
    rows = []
    for fold in sorted(set(folds.values())):
        model = fit([job for job in jobs if folds[id(job)] != fold])
        rows += [(job, model.seconds(job.work)) for job in jobs if folds[id(job)] == fold]
    return Check(rows=tuple(rows), how=how)
