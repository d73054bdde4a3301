"""Rule build_figures: the figures of the report as files."""

from typing import TYPE_CHECKING

from xstilts.grid import Grid
from xstilts.jobs.report import build_study_figures
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    lambda: build_study_figures(Grid.load(snakemake.config, [])),
    output=snakemake.output[0],
    log=snakemake.log[0],
    fork=False,
    reads=snakemake.input,
)
