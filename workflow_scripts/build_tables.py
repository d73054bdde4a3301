"""Rule build_tables: the tables of the study."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.grid import Grid
from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.tables import build_tables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    build_tables(
        Grid.load(snakemake.config, []).in_view(snakemake.wildcards.view.rstrip("/")),
        out=Path(snakemake.output.transfer[0]).parent,
    )
