"""Hours and disk space of a dry run, as ``xstilts plan`` estimates them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.plan.devices import ORIENTATION
from xstilts.plan.disk import disk
from xstilts.plan.history import finished_jobs
from xstilts.plan.hours import hours_here, orientation
from xstilts.plan.jobs import planned_jobs
from xstilts.plan.memory import Conditions
from xstilts.plan.render import size
from xstilts.progress import duration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from xstilts.grid import Grid
    from xstilts.plan.jobs import Planned

_READ = 40
"""Number of finished trainings, and of predicted cells, that are read of each study."""


def estimates(grid: Grid, made: Collection[str]) -> tuple[list[str], list[str]]:
    """Return lines on time and disk space, and problems.

    Args:
        grid: the study.
        made: output files that the run makes.
    """
    jobs = [
        replace(job, products=tuple(sorted(found)))
        for job in planned_jobs(grid, {})
        if (found := set(job.products).intersection(made))
    ]
    if not jobs:
        return [], []
    lines = list(_time(jobs))
    needed, problems = _disk(grid, jobs)
    return [*lines, *needed], problems


def _time(jobs: list[Planned]) -> Iterator[str]:
    """Yield the hours of training and prediction on the device of earlier jobs."""
    result = hours_here(jobs, finished_jobs(Path("results"), most=_READ))
    if result is None:
        found = orientation(jobs, ORIENTATION)
        times = [f"{duration(3600 * value)} on one {name}" for name, value in found.items()]
        yield f"Time: {', '.join(times)}"
        yield "  to train and predict, from operations only: nothing like it has run here yet"
        unknown: dict[str, int] = {}
        for job in jobs:
            if job.unknown:
                unknown[job.unknown] = unknown.get(job.unknown, 0) + len(job.products)
    else:
        rows: list[dict[str, Any]] = result["rows"]
        kinds = ("prediction", "training")
        parts = [sum(r["hours"] for r in rows if (r["position"] == "prediction") == (k == kinds[0]))
                 for k in kinds]  # fmt: skip
        yield (
            f"Time: about {duration(3600 * result['hours'])} on one {result['device']}, job after "
            f"job ({duration(3600 * parts[1])} training, {duration(3600 * parts[0])} predicting)"
        )
        unknown = result["unknown"]
    for what, count in list(unknown.items())[:2]:
        yield f"  without {count} jobs, unknown: {what}"
    yield "  (`xstilts plan` has more, and `--gpu NAME` plans for another device)"


def _disk(grid: Grid, jobs: list[Planned]) -> tuple[list[str], list[str]]:
    """Return a line on disk space, and a problem if it is not enough."""
    conditions = Conditions(max_tokens=16384, device="gpu", distinct_tokens=None)
    found = disk(grid, jobs, 1, {}, conditions)
    training = found["peak_bytes"] - found["kept_bytes"]
    folder = next(path for path in (Path("results"), Path()) if path.exists())
    free = shutil.disk_usage(folder).free
    more = f", without {', '.join(found['unknown'])} of unknown size" if found["unknown"] else ""
    line = (
        f"Disk: about {size(found['kept_bytes'])} for all this, {size(training)} more while a "
        f"stage trains; {size(free)} are free{more}"
    )
    if found["models_bytes"] + training <= free:
        return [line], []
    return [line], [
        f"disk: {size(found['models_bytes'] + training)} are needed for models, and {size(free)} "
        f"are free in {folder.resolve()}"
    ]
