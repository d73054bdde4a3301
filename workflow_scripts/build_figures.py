"""Rule build_figures: the figures of the report as files."""

from typing import TYPE_CHECKING

from xstilts.grid import Grid
from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.report import build_study_figures

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    build_study_figures(Grid.load(snakemake.config, []))
