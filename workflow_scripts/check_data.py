"""Rule check_data: a file written once all data sets have been read."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.jobs.data import check_data
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    partial(
        check_data,
        [Path(file) for file in snakemake.input.manifests],
        Path(snakemake.output.data_check),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
)
