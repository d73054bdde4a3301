"""Rule check_data: the record that all data was read."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.data import check_data

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    check_data([Path(file) for file in snakemake.input.manifests], Path(snakemake.output.checked))
