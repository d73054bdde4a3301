"""Rule fetch_data: download files from the Hugging Face Hub into the shared cache."""

from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.config import load_study
from xstilts.jobs.download import fetch_data
from xstilts.runner.frame import run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

run(
    lambda: fetch_data(
        snakemake.params.identity,
        Path(load_study(snakemake.config, [])[0].hub_cache),
        Path(snakemake.output.manifest),
    ),
    output=snakemake.output[0],
    log=snakemake.log[0],
    network=True,
)
