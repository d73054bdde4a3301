"""Rule prepare_data: one data set from its source."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.data import prepare_data

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    prepare_data(
        snakemake.params.identity,
        [Path(file) for file in snakemake.input.files],
        Path(snakemake.output.examples),
        Path(snakemake.output.manifest),
    )
