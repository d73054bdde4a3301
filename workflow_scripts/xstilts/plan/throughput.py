"""How fast a device works, fitted to finished jobs, and how far such a fit is off.

The time of a job is ``fixed + units * per_unit + operations / rate``: what a job costs once, what
each optimiser step (or predicted file) costs whatever its size, and the arithmetic. The three
numbers are those with the least squares of log(predicted / measured), so that a factor counts
the same for short and for long jobs, with a loss that outliers cannot dominate.
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
"""Jobs below which a number is not fitted but left at zero."""
ENOUGH_TO_CHECK = 3
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Throughput:
    """A device at one kind of work and precision."""

    rate: float
    """Operations per second."""
    per_unit: float = 0.0
    """Seconds per optimiser step or predicted file."""
    fixed: float = 0.0
    """Seconds per job."""
    jobs: int = 0
    """Finished jobs that it was fitted to; 0 for an assumed share of the peak."""

    def seconds(self, work: Work) -> float:
        """Predicted time of a job."""
        return self.fixed + self.per_unit * work.units + work.flops / self.rate


def fit(jobs: Sequence[Finished]) -> Throughput:
    """The throughput of jobs of one kind on one device.

    Args:
        jobs: at least one.
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

    # the logarithms keep all numbers above zero; one that is not needed goes towards it
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
    """Jobs that are fitted together; those too short to be measured left out."""
    found: dict[Key, list[Finished]] = {}
    for job in jobs:
        if job.seconds > 0 and job.work.flops > 0:
            found.setdefault((job.device, job.precision, job.kind), []).append(job)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Predicted against measured time of jobs that the fit has not seen."""

    rows: tuple[tuple[Finished, float], ...]
    """Job and predicted seconds."""
    how: str
    """What was left out of each fit."""

    @property
    def error(self) -> float:
        """Median absolute percentage error."""
        return 100 * statistics.median(abs(p / job.seconds - 1) for job, p in self.rows)

    @property
    def total_ratio(self) -> float:
        """Predicted over measured time of all jobs together."""
        return sum(p for _, p in self.rows) / sum(job.seconds for job, _ in self.rows)

    @property
    def worst_factor(self) -> float:
        """The largest factor between the two, either way."""
        return max(math.exp(abs(math.log(p / job.seconds))) for job, p in self.rows)


def check(jobs: Sequence[Finished]) -> Check | None:
    """The error on held-out jobs of one group: study by study, or by fifths of a single study.

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
