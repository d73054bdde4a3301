"""Rule prepare_data: one data set from its source."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs.data import prepare_data
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        prepare_data,
        snakemake.params.identity,
        [Path(file) for file in snakemake.input.files],
        Path(snakemake.output.examples),
        Path(snakemake.output.manifest),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
)
