"""Lines on the data of a dry run: where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.dry_run.jobs import kind_of
from xstilts.dry_run.text import wrapped
from xstilts.grid.source_report import mixed, source_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from xstilts.dry_run.jobs import DryJob
    from xstilts.grid import Grid

_MOST = 4
"""Maximum number of lines on one source."""


def data_lines(grid: Grid, jobs: Collection[DryJob]) -> Iterator[str]:
    """Yield the source of the data sets to read, and the number of downloads."""
    products = [job.product for job in jobs if kind_of(job.product) in ("data", "downloads")]
    read = sum(kind_of(product) == "data" and product.count("/") == 3 for product in products)
    if read:
        loaded = sum(kind_of(product) == "downloads" for product in products)
        more = f", {loaded} of them are downloaded first" if loaded else ""
        yield f"Data: {read} data sets to read{more}"
        for line in (*source_lines(grid), *mixed(grid)):
            yield from wrapped(line).splitlines()[:_MOST]
