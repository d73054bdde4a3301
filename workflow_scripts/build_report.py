"""Rule build_report: the report of the study as an HTML page."""

from typing import TYPE_CHECKING

from xstilts.grid import Grid
from xstilts.jobs.report import build_study_report
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    lambda: build_study_report(Grid.load(snakemake.config, [])),
    output=snakemake.output[0],
    log=snakemake.log[0],
    fork=False,
    reads=snakemake.input,
)
