"""Rule build_statistics: comparisons of the study's strategies, and its claims."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.grid import Grid
from xstilts.jobs.statistics import build_statistics
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    lambda: build_statistics(
        Grid.load(snakemake.config, []).in_view(snakemake.wildcards.view.rstrip("/")),
        out=Path(snakemake.output[0]).parent,
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
    fork=False,
    reads=snakemake.input,
)
