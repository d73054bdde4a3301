"""Rule audit_overlap: count evaluation examples whose text occurs in training data."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs.overlap import audit_overlap
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        audit_overlap,
        [Path(file) for file in snakemake.input.trained],
        [Path(file) for file in snakemake.input.evaluated],
        Path(snakemake.output.table),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
    fork=False,
)
