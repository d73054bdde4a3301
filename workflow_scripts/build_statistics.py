"""Rule build_statistics: the effects of the study's strategies, and its claims."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.grid import Grid
from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.statistics import build_statistics

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    build_statistics(
        Grid.load(snakemake.config, []).in_view(snakemake.wildcards.view.rstrip("/")),
        out=Path(snakemake.output[0]).parent,
    )
