"""Rule build_report: the report of the study, one HTML page."""

from typing import TYPE_CHECKING

from xstilts.grid import Grid
from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.report import build_study_report

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    build_study_report(Grid.load(snakemake.config, []))
