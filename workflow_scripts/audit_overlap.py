"""Rule audit_overlap: evaluated examples whose text was trained on."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs import job
from xstilts.paths import product, study_root
from xstilts.stages.overlap import audit_overlap

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(product(snakemake.output[0]), snakemake.log[0], study_root(snakemake.output[0])):
    audit_overlap(
        [Path(file) for file in snakemake.input.trained],
        [Path(file) for file in snakemake.input.evaluated],
        Path(snakemake.output.table),
    )
