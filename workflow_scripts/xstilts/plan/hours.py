"""Hours of a study on a device: planned work divided by fitted or assumed throughput."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.plan.devices import CARDS, MEASURED, SHARE, assumed_rate
from xstilts.plan.history import start_of_jobs
from xstilts.plan.throughput import Throughput, check, fit, groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xstilts.plan.history import Finished, Kind
    from xstilts.plan.jobs import Planned
    from xstilts.plan.work import Work

CALIBRATED, ELSEWHERE, ASSUMED = (
    "calibrated",
    "calibrated on other work of this device",
    "not calibrated",
)


class Clock:
    """Known or assumed throughput of one device."""

    def __init__(self, device: str, history: Sequence[Finished]) -> None:
        self.device = device
        own = {key: jobs for key, jobs in groups(history).items() if key[0] == device}
        self.fitted = {(precision, kind): fit(jobs) for (_, precision, kind), jobs in own.items()}
        checks = {(precision, kind): check(jobs) for (_, precision, kind), jobs in own.items()}
        self.errors = {key: found.error for key, found in checks.items() if found}

    def throughput(self, precision: str, kind: Kind) -> tuple[Throughput, str] | None:
        """Return the throughput for a kind of work and its source; None if unknown.

        Predictions without finished jobs use the throughput of trainings: same computation.
        """
        if own := self.fitted.get((precision, kind)):
            return own, CALIBRATED
        if kind == "prediction" and (other := self.fitted.get((precision, "training"))):
            return Throughput(other.rate, jobs=other.jobs), ELSEWHERE
        if self.device in (*CARDS, *MEASURED):
            return Throughput(assumed_rate(self.device, precision)), ASSUMED
        return None


def default_device(history: Iterable[Finished]) -> str | None:
    """Return the device on which most finished jobs ran; None without finished jobs."""
    counts: dict[str, int] = {}
    for job in history:
        counts[job.device] = counts.get(job.device, 0) + 1
    return max(counts, key=lambda device: counts[device], default=None)


def hours_here(jobs: Iterable[Planned], history: Sequence[Finished]) -> dict[str, Any] | None:
    """Return :func:`hours` on the device of earlier jobs; None if they say nothing about these."""
    device = default_device(history)
    found = hours_on(device, jobs, history) if device else None
    return found if found and found["rows"] else None


def hours_on(device: str, jobs: Iterable[Planned], history: Sequence[Finished]) -> dict[str, Any]:
    """Return :func:`hours` on a device, calibrated by the finished jobs on it."""
    own = [job for job in history if job.device == device]
    return hours(jobs, Clock(device, history), start_of_jobs(own))


def hours(jobs: Iterable[Planned], clock: Clock, start: float | None) -> dict[str, Any]:
    """Return hours by base and position: of all jobs, and of unfinished ones.

    Args:
        jobs: planned jobs of the study.
        clock: throughput of the device.
        start: overhead of each job in seconds; None if not measured.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    unknown: dict[str, int] = {}
    for job in jobs:
        one = hours_of_one(job, clock, start)
        if job.work is None or isinstance(one, str):
            unknown[str(one)] = unknown.get(str(one), 0) + len(set(job.products))
            continue
        row = rows.setdefault((job.base, job.position), _empty_row(job))
        _add(row, job, job.work, *one)
    for row in rows.values():
        row |= {key: sorted(row[key]) for key in ("precision", "source", "bounds")}
    found = list(rows.values())
    return {
        "device": clock.device,
        "share_of_peak": SHARE if any(ASSUMED in row["source"] for row in found) else None,
        "errors_percent": {" ".join(key): round(e, 1) for key, e in clock.errors.items()},
        "start_seconds": start,
        "rows": found,
        "hours": sum(row["hours"] for row in found),
        "hours_left": sum(row["hours_left"] for row in found),
        "unknown": unknown,
    }


def hours_of_one(job: Planned, clock: Clock, start: float | None) -> tuple[float, str] | str:
    """Return the hours of one seed of a job and their source, or the unknown quantity.

    The arguments are those of :func:`hours`.
    """
    speed = clock.throughput(job.precision, job.kind)
    if job.work is None or speed is None:
        return job.unknown or f"the speed of {clock.device} in {job.precision}"
    throughput, source = speed
    return (throughput.seconds(job.work) + (start or 0.0)) / 3600, source


def _empty_row(job: Planned) -> dict[str, Any]:
    """Return the empty row of a base and position."""
    numbers = ("jobs", "left", "hours", "hours_left", "flops", "tokens", "assumed_lengths")
    sets: dict[str, Any] = {key: set() for key in ("precision", "source", "bounds")}
    return {"base": job.base, "position": job.position, **dict.fromkeys(numbers, 0), **sets}


def _add(row: dict[str, Any], job: Planned, work: Work, each: float, source: str) -> None:
    """Add a job with all its seeds to a row; ``each`` is the hours of one seed."""
    products = set(job.products)
    left = sum(not Path(product).is_file() for product in products)
    row["jobs"] += len(products)
    row["left"] += left
    row["hours"] += each * len(products)
    row["hours_left"] += each * left
    row["flops"] += work.flops * len(products)
    row["tokens"] += work.tokens * len(products)
    row["assumed_lengths"] += len(products) * job.assumed
    row["precision"].add(job.precision)
    row["source"].add(source)
    row["bounds"] |= job.bounds


def orientation(jobs: Sequence[Planned], names: Iterable[str]) -> dict[str, float]:
    """Return the hours on some GPUs at the assumed fraction of their peak."""
    return {name: hours(jobs, Clock(name, ()), None)["hours"] for name in names}
