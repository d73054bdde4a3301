"""Hours of further seeds of a comparison, as ``xstilts plan`` estimates them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.chains import chain_label
from xstilts.errors import UserError
from xstilts.plan.devices import canonical
from xstilts.plan.history import finished_jobs, start_of_jobs
from xstilts.plan.hours import ASSUMED, Clock, default_device, hours_of_one
from xstilts.plan.jobs import planned_jobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xstilts.grid import Grid
    from xstilts.next_seeds.comparisons import Compared

_READ = 40
"""Number of finished trainings, and of predicted cells, that are read of each study."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Hours of every training and prediction of a study with more seeds than it has."""

    grid: Grid
    """The study with the seeds that it has and those that might be added."""
    device: str
    """Empty if no job has finished here and none is named."""
    hours: dict[str, float]
    """Manifest to hours."""
    unknown: dict[str, str]
    """Manifest to the unknown quantity, if its hours are unknown."""
    assumed: bool
    """True if the speed of the device is not measured."""

    def missing(self, one: Compared, seeds: Iterable[int]) -> frozenset[str]:
        """Return the manifests that a comparison needs in some seeds and that do not exist."""
        cells = (
            (one.model, seed, strategy, target)
            for seed in seeds
            for strategy in (one.strategy, one.against)
            for target in one.targets
        )
        needed = {product for cell in cells for product in self._products(*cell)}
        return frozenset(product for product in needed if not Path(product).is_file())

    def _products(self, base: str, seed: int, strategy: str, target: str) -> list[str]:
        """Return the planned products of a cell: stages, target and prediction."""
        grid = self.grid
        stages = tuple(node.label for node in grid.names.strategies[strategy])
        products = [grid.paths.intermediate(base, seed, stages[:n]) for n in range(len(stages) + 1)]
        products.append(grid.model_of(base, seed, chain_label(stages), target))
        products.append(
            f"{grid.paths.cell('predictions', base, seed, stages, target)}/manifest.json"
        )
        # the first stage of `mnli+target` is part of the target's
        return [one for one in products if one in self.hours or one in self.unknown]

    def total(self, products: Iterable[str]) -> float | str:
        """Return the hours of some products, or the quantity that is unknown."""
        listed = list(products)
        unknown = next((self.unknown[one] for one in listed if one in self.unknown), None)
        return sum((self.hours[one] for one in listed), 0.0) if unknown is None else unknown


def prices(grid: Grid, seeds: Sequence[int], gpu: str | None) -> Prices:
    """Return the hours of each job of a study.

    Args:
        grid: the study.
        seeds: the seeds that it has and those that might be added.
        gpu: name of a GPU; None for the device on which most jobs were finished here.

    Raises:
        UserError: the GPU is not known.
    """
    larger = replace(grid, study=grid.study.model_copy(update={"seeds": list(seeds)}))
    history = finished_jobs(Path("results"), most=_READ)
    device = (canonical(gpu) if gpu else default_device(history)) or ""
    own = [job for job in history if job.device == device]
    clock, start = Clock(device, own), start_of_jobs(own)
    hours, unknown, assumed = dict[str, float](), dict[str, str](), False
    for job in planned_jobs(larger, {}):
        one = hours_of_one(job, clock, start)
        if isinstance(one, str):
            unknown |= dict.fromkeys(job.products, one if device else "the speed of a device")
        else:
            hours |= dict.fromkeys(job.products, one[0])
            assumed |= one[1] == ASSUMED
    return Prices(grid=larger, device=device, hours=hours, unknown=unknown, assumed=assumed)


def hours_of(text: str) -> float:
    """Return a budget such as ``40h``, ``90min`` or ``2d`` in hours.

    Raises:
        UserError: it is not a positive number with one of these units.
    """
    units = {"min": 1 / 60, "h": 1.0, "d": 24.0}
    unit = next((name for name in units if text.strip().endswith(name)), "")
    try:
        found = float(text.strip().removesuffix(unit)) * units[unit]
    except (ValueError, KeyError):
        found = 0.0
    if not 0 < found < float("inf"):
        raise UserError(
            f"--budget {text!r:.40}: write hours of computing, as in 40h; also 90min or 2d."
        )
    return found
